// The provider's own client against the twin. Called with the twin's address, a code, and what the app is.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const require = createRequire(`${process.cwd()}/`);
const { HighLevel } = require("@gohighlevel/api-client");
const [base, code, clientId, clientSecret, redirectUri, locationId] = process.argv.slice(2);

HighLevel.BASE_URL = base;
const ghl = new HighLevel({ clientId, clientSecret, logLevel: "none" });
const here = { headers: { locationId } };

const tokens = await ghl.oauth.getAccessToken({
  client_id: clientId,
  client_secret: clientSecret,
  grant_type: "authorization_code",
  code,
  redirect_uri: redirectUri,
});
assert.equal(tokens.locationId, locationId);
await ghl.getSessionStorage().setSession(locationId, tokens);

const made = await ghl.contacts.createContact({ locationId, firstName: "Ana", email: "ana@example.com", tags: ["one"] });
const contactId = made.contact.id;

// The client meets a 401, refreshes by itself, and asks again; a crowd of calls shares one refresh.
await fetch(`${base}/_twin/switches/expire_access_tokens`, { method: "POST" });
const reads = Array.from({ length: 10 }, () => ghl.contacts.getContact({ contactId }, here));
for (const read of await Promise.all(reads)) {
  assert.equal(read.contact.email, "ana@example.com");
}

const added = await ghl.contacts.addTags({ contactId }, { tags: ["VIP"] }, here);
assert.deepEqual(added.tags, ["one", "vip"]);
const removed = await ghl.contacts.removeTags({ contactId }, { tags: ["one"] }, here);
assert.deepEqual(removed.tags, ["vip"]);

const filters = [{ field: "email", operator: "eq", value: "ana@example.com" }];
const found = await ghl.contacts.searchContactsAdvanced({ locationId, pageLimit: 10, filters });
assert.equal(found.total, 1);
assert.equal(found.contacts[0].id, contactId);

const updated = await ghl.contacts.updateContact({ contactId }, { lastName: "Garcia" }, here);
assert.equal(updated.contact.lastName, "Garcia");
const note = await ghl.contacts.createNote({ contactId }, { body: "Called" }, here);
assert.equal(note.note.body, "Called");
const task = { title: "Call", dueDate: "2026-12-01T09:00:00Z", completed: false };
assert.equal((await ghl.contacts.createTask({ contactId }, task, here)).task.title, "Call");
const location = await ghl.locations.getLocation({ locationId });
assert.equal(location.location.id, locationId);
const talks = await ghl.conversations.searchConversation({ locationId });
assert.equal(talks.total, 0);

await ghl.contacts.deleteContact({ contactId }, here);
await assert.rejects(ghl.contacts.getContact({ contactId }, here), (problem) => problem.statusCode === 400);
console.log("done");
