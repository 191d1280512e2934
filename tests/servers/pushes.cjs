// A push service and its browsers on web-push-testing, on a port of this machine alone. It prints the port.
const { PushApiModel } = require('web-push-testing/src/PushApiModel.js');
const Server = require('web-push-testing/src/server.js');

const say = console.log;
console.log = () => {};
console.error = () => {};
const model = new PushApiModel();
const server = new Server(model, 1);
server.setRequestHandlers();
const listening = server._app.listen(0, '127.0.0.1', () => {
  const { port } = listening.address();
  model.notifyUrl = `http://127.0.0.1:${port}/notify/`;
  say(JSON.stringify({ port }));
});
