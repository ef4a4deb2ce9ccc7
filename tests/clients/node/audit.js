/**
 * Reads the log of a liveness service with the client of EventStoreDB (KurrentDB) for Node.
 *
 *     node audit.js stream UUID [--backwards]   the events of a session
 *     node audit.js all [--backwards]           the events of all sessions
 *     node audit.js follow UUID                 what a session did and does, and what all sessions do from now on
 *     node audit.js share UUID GROUP            the events of a session, shared among a group of consumers
 *     node audit.js append STREAM               two events, which takes `--esdb-write` and a key of the scope `node`
 *
 * LIVENESS_LOG holds the connection string. A line of JSON tells of each event.
 */

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  AccessDeniedError,
  BACKWARDS,
  END,
  FORWARDS,
  KurrentDBClient,
  NO_STREAM,
  PARK,
  RETRY,
  START,
  WrongExpectedVersionError,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
  streamNameFilter,
} from "@kurrent/kurrentdb-client";

const SESSIONS = streamNameFilter({ prefixes: ["liveness-"] });
const POLL_MS = 50;

/** Positions and revisions are of type bigint. */
function tell(fields) {
  console.log(JSON.stringify(fields, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
}

function tellEvent({ event, commitPosition }, more = {}) {
  const { streamId: stream, revision, id, type, data, metadata } = event;
  tell({ position: event.position?.commit ?? commitPosition, stream, revision, id, type, data, metadata, ...more });
}

async function stream(log, backwards, uuid) {
  const from = backwards ? { direction: BACKWARDS, fromRevision: END } : { direction: FORWARDS, fromRevision: START };
  for await (const event of log.readStream(`liveness-${uuid}`, from)) tellEvent(event);
}

async function all(log, backwards) {
  const from = backwards ? { direction: BACKWARDS, fromPosition: END } : { direction: FORWARDS, fromPosition: START };
  for await (const event of log.readAll({ ...from, filter: SESSIONS })) tellEvent(event);
}

async function follow(log, _, uuid) {
  const followed = {
    all: log.subscribeToAll({ fromPosition: END, filter: SESSIONS }),
    stream: log.subscribeToStream(`liveness-${uuid}`, { fromRevision: START }),
  };
  const listen = async ([following, events]) => {
    events.once("confirmation", () => tell({ following }));
    for await (const event of events) tellEvent(event, { following });
  };
  await Promise.all(Object.entries(followed).map(listen));
}

async function share(log, _, uuid, group) {
  const name = `liveness-${uuid}`;
  const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START });
  await log.createPersistentSubscriptionToStream(name, group, settings);
  const due = new Set();
  for await (const { event } of log.readStream(name)) due.add(event.revision);
  const deliveries = log.subscribeToPersistentSubscriptionToStream(name, group);

  // The first event is asked for once more, the second one is parked.
  deliveries.on("data", async (delivery) => {
    const { event, retryCount: retries } = delivery;
    if (!due.has(event.revision)) {
      tell({ delivered: event.revision, replayed: true, answer: "ack" });
      await deliveries.ack(delivery);
    } else if (event.revision === 0n && retries === 0) {
      tell({ delivered: event.revision, retries, answer: "retry" });
      await deliveries.nack(RETRY, "once more", delivery);
    } else if (event.revision === 1n) {
      tell({ delivered: event.revision, retries, answer: "park" });
      await deliveries.nack(PARK, "to be looked at", delivery);
      due.delete(event.revision);
    } else {
      tell({ delivered: event.revision, retries, answer: "ack" });
      await deliveries.ack(delivery);
      due.delete(event.revision);
    }
  });

  const groups = async () =>
    (await log.listPersistentSubscriptionsToStream(name)).map((info) => info.groupName);
  const settled = async (parked) => {
    for (;;) {
      const info = await log.getPersistentSubscriptionToStreamInfo(name, group);
      const { parkedMessageCount, totalInFlightMessages } = info.stats;
      if (due.size === 0 && Number(parkedMessageCount) === parked && totalInFlightMessages === 0) return info;
      await pause(POLL_MS);
    }
  };
  const tellGroup = ({ groupName, eventSource, stats }) =>
    tell({ group: groupName, of: eventSource, parked: stats.parkedMessageCount });

  tellGroup(await settled(1));
  tell({ groups: await groups() });
  const replayed = once(deliveries, "data");
  await log.replayParkedMessagesToStream(name, group);
  await replayed;
  tellGroup(await settled(0));
  await deliveries.unsubscribe();
  await log.deletePersistentSubscriptionToStream(name, group);
}

async function append(log, _, stream) {
  for (const expected of [NO_STREAM, NO_STREAM, 0n]) {
    const event = jsonEvent({ type: "AuditNoted", data: { by: "node" } });
    try {
      const written = await log.appendToStream(stream, event, { streamState: expected });
      tell({ appended: written.nextExpectedRevision, position: written.position?.commit });
    } catch (refusal) {
      if (refusal instanceof AccessDeniedError) tell({ refused: refusal.constructor.name });
      else if (refusal instanceof WrongExpectedVersionError)
        tell({ refused: refusal.constructor.name, current: refusal.actualState });
      else throw refusal;
    }
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { backwards: { type: "boolean", default: false } },
});
const [command, ...parameters] = positionals;
const commands = { stream, all, follow, share, append };
if (!(command in commands)) throw new Error(`a command is one of ${Object.keys(commands).join(", ")}`);
const log = KurrentDBClient.connectionString(process.env.LIVENESS_LOG);
await commands[command](log, values.backwards, ...parameters);
await log.dispose();
