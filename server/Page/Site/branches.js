// The versions of a message. Where a question was edited or an answer was generated again, a chat has branches. Its list of messages is the
// branch that is shown, and the first message of that branch keeps all at its place: `versions` holds the messages of the others from there on,
// and null for the shown one. So the list is an ordinary chat, and branches may branch again.

/** Keeps the messages from an index on as a version, and begins another with a message. */
export function branch(messages, index, message) {
  const kept = messages.splice(index), versions = kept[0].versions ?? [null];
  put(versions, kept);
  messages.push({ ...message, versions: [...versions, null] });
}

/** Shows the version with a number, counted from 0, of the message at an index. */
export function choose(messages, index, number) {
  const kept = messages.splice(index), { versions } = kept[0];
  put(versions, kept);
  const chosen = versions[number];
  versions[number] = null;
  chosen[0].versions = versions;
  messages.push(...chosen);
}

function put(versions, kept) {
  delete kept[0].versions;
  versions[versions.indexOf(null)] = kept;
}

/** The number of versions of a message and the number of the shown one, counted from 0. */
export const versionsOf = ({ versions }) => (versions ? { count: versions.length, shown: versions.indexOf(null) } : { count: 1, shown: 0 });

/** Yields the messages of all branches. */
export function* allMessages(messages) {
  for (const message of messages) {
    yield message;
    for (const version of message.versions ?? []) {
      yield* allMessages(version ?? []);
    }
  }
}
