// Passkeys: asks the browser for a key or makes one, and sends what it answers with the form around the button.
import { find, findAll } from "../dom.js";

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withIds = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

function forCreation(options, alone) {
  const wanted = { ...options.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
  if (alone) wanted.userVerification = "required";
  return {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: withIds(options.excludeCredentials),
    authenticatorSelection: wanted,
  };
}

const forRequest = (options) => ({ ...options, challenge: toBytes(options.challenge), allowCredentials: withIds(options.allowCredentials) });

// The answer as WebAuthn's JSON has it: octets in base64url.
function asJson(key) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const octets = key.response[name];
    if (octets) response[name] = toText(octets);
  }
  if (key.response.getTransports) response.transports = key.response.getTransports();
  return {
    id: key.id,
    rawId: toText(key.rawId),
    type: key.type,
    authenticatorAttachment: key.authenticatorAttachment || undefined,
    clientExtensionResults: key.getClientExtensionResults(),
    response,
  };
}

async function optionsOf(form) {
  if (form.dataset.passkeyOptions) return JSON.parse(find(`#${form.dataset.passkeyOptions}`).textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return answer.json();
}

async function keyOf(form) {
  const data = await optionsOf(form);
  if (form.dataset.passkey === "make") {
    const alone = Boolean(find("[name=passwordless]", form)?.checked);
    return navigator.credentials.create({ publicKey: forCreation(data.creation_options.publicKey, alone) });
  }
  return navigator.credentials.get({ publicKey: forRequest(data.request_options.publicKey) });
}

function tell(form, kind) {
  const box = find("[data-passkey-problem]", form);
  find("p", box).textContent = box.dataset[kind];
  box.hidden = false;
}

for (const form of findAll("form[data-passkey]")) {
  const button = find("button[type=button]", form);
  button.addEventListener("click", async () => {
    find("[data-passkey-problem]", form).hidden = true;
    if (!window.PublicKeyCredential) return tell(form, "missing");
    button.disabled = true;
    try {
      find("[name=credential]", form).value = JSON.stringify(asJson(await keyOf(form)));
      form.submit();
    } catch (problem) {
      // SecurityError: an address that is no name, or not the one that the key is for.
      const kinds = { SecurityError: "missing", InvalidStateError: "known" };
      tell(form, kinds[problem.name] || "refused");
      button.disabled = false;
    }
  });
}
