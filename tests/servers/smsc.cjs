// An SMS centre on node-smpp. It prints its port, then one line of JSON for each message that it takes. The last digit of
// the number decides: 8 is throttled, 9 is no number, 7 ends the session, 5 is denied, 4 is taken by a
// centre that is congested; others are taken. It says which version it was asked for, and tells its own, 5.0. A receipt that is asked for goes to
// a session that was bound as a receiver or transceiver, and its answer is told.
const smpp = require('smpp');

let taken = 0;
let listener = null;
const say = (words) => process.stdout.write(JSON.stringify(words) + '\n');

const server = smpp.createServer({}, (session) => {
  session.on('error', () => {});
  const receipt = (id, from, state, text) => {
    if (!listener) return;
    const words = `id:${id} sub:001 dlvrd:001 submit date:2611211158 done date:2611211200 stat:${state} err:000 text:${text}`;
    const send = (fields) => listener.deliver_sm(
      { source_addr: from, source_addr_ton: 1, destination_addr: 'Shop', ...fields },
      (answer) => say({ receipt: id, status: answer.command_status }),
    );
    send({ esm_class: 4, short_message: words });
    send({ esm_class: 4, receipted_message_id: id, message_state: state === 'DELIVRD' ? 2 : 5, short_message: '' });
    send({ short_message: 'Grüße €' });
  };
  const bind = (pdu) => {
    if (pdu.command !== 'bind_transmitter') listener = session;
    const fits = pdu.system_id === 'clarion' && pdu.password === 's3cret';
    const good = { system_id: 'node-smpp', sc_interface_version: 0x50 };
    if (pdu.interface_version !== 0x34) say({ asked: pdu.interface_version });
    session.send(pdu.response(fits ? good : { command_status: smpp.ESME_RINVPASWD }));
  };
  session.on('bind_transmitter', bind);
  session.on('bind_transceiver', bind);
  session.on('bind_receiver', bind);
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('submit_sm', (pdu) => {
    const last = pdu.destination_addr.slice(-1);
    if (last === '8') return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    if (last === '9') return session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    if (last === '7') return session.destroy();
    if (last === '5') return session.send(pdu.response({ command_status: smpp.ESME_RSERTYPDENIED }));
    taken += 1;
    const { message, udh } = pdu.short_message;
    const payload = pdu.message_payload && pdu.message_payload.message;
    say({
      to: pdu.destination_addr, from: pdu.source_addr, text: payload || message,
      udh: udh ? udh.map((one) => one.toString('hex')).join('') : '', part: pdu.sar_segment_seqnum || 0,
      parts: pdu.sar_total_segments || 0, validity: pdu.validity_period ? String(pdu.validity_period) : '',
    });
    const id = taken.toString(16);
    session.send(pdu.response({ message_id: id, ...(last === '4' ? { congestion_state: 95 } : {}) }));
    if (pdu.registered_delivery) receipt(id, pdu.destination_addr, last === '6' ? 'UNDELIV' : 'DELIVRD', 'Hello');
  });
});

server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
