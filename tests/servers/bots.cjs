// A Bot API on telegram-test-api, on the port that is given. It prints the port once it answers.
const TelegramServer = require('@vishtar/telegram-test-api');

const port = Number(process.argv[2]);
const server = new TelegramServer({ port, host: '127.0.0.1', storage: 'RAM', storeTimeout: 60 });
server.start().then(() => console.log(JSON.stringify({ port })));
