"""Reads the log of a liveness service with the client of EventStoreDB (KurrentDB) for Python.

    audit.py stream UUID [--backwards]   the events of a session
    audit.py all [--backwards]           the events of all sessions
    audit.py follow UUID                 what a session did and does, and what all sessions do from now on
    audit.py share UUID GROUP            the events of a session, shared among a group of consumers
    audit.py append STREAM               two events, which takes `--esdb-write` and a key of the scope `node`

LIVENESS_LOG holds the connection string. A line of JSON tells of each event.
"""

import argparse
import json
import os
import threading
import time

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import AccessDeniedError, UnauthenticatedError, WrongCurrentVersionError

SESSIONS = {"filter_include": ["liveness-"], "filter_by_stream_name": True, "filter_by_prefix": True}
POLL_SECONDS = 0.05
TELLING = threading.Lock()


def tell(**fields):
    # `print` writes the end of the line by itself: another thread's line would come between.
    with TELLING:
        print(json.dumps(fields), flush=True)


def tell_event(event, **more):
    tell(
        position=event.commit_position,
        stream=event.stream_name,
        revision=event.stream_position,
        id=str(event.id),
        type=event.type,
        data=json.loads(event.data),
        metadata=json.loads(event.metadata),
        **more,
    )


def stream(log, uuid, backwards):
    for event in log.read_stream(f"liveness-{uuid}", backwards=backwards):
        tell_event(event)


def all_sessions(log, backwards):
    for event in log.read_all(backwards=backwards, **SESSIONS):
        tell_event(event)


def follow(log, uuid):
    # Both calls return once the server has confirmed them.
    followed = {
        "all": log.subscribe_to_all(from_end=True, **SESSIONS),
        "stream": log.subscribe_to_stream(f"liveness-{uuid}"),
    }

    def listen(what):
        tell(following=what)
        for event in followed[what]:
            tell_event(event, following=what)

    threads = [threading.Thread(target=listen, args=[what]) for what in followed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def share(log, uuid, group):
    name = f"liveness-{uuid}"
    log.create_subscription_to_stream(group, name)
    due = {event.stream_position for event in log.read_stream(name)}
    events = log.read_subscription_to_stream(group, name)

    # The first event is asked for once more, the second one is parked.
    for event in events:
        retries, answer = event.retry_count or 0, "ack"
        if event.stream_position == 0 and retries == 0:
            answer = "retry"
        elif event.stream_position == 1:
            answer = "park"
        tell(delivered=event.stream_position, retries=retries, answer=answer)
        if answer == "ack":
            events.ack(event)
        else:
            events.nack(event, answer)
        if answer != "retry":
            due.remove(event.stream_position)
        if not due:
            break

    tell_group(settled(log, name, group, parked=1))
    tell(groups=[info.group_name for info in log.list_subscriptions_to_stream(name)])

    log.replay_parked_events(group, name)
    parked = next(events)
    events.ack(parked)
    tell(delivered=parked.stream_position, replayed=True, answer="ack")
    tell_group(settled(log, name, group, parked=0))
    events.stop()
    log.delete_subscription(group, name)


def settled(log, name, group, parked):
    """Waits until the server has taken all answers: the client sends them in the background."""
    while True:
        info = log.get_subscription_info(group, name)
        if info.parked_message_count == parked and info.total_in_flight_messages == 0:
            return info
        time.sleep(POLL_SECONDS)


def tell_group(info):
    tell(group=info.group_name, of=info.event_source, parked=info.parked_message_count)


def append(log, stream):
    for expected in [StreamState.NO_STREAM, StreamState.NO_STREAM, 0]:
        event = NewEvent(type="AuditNoted", data=b'{"by":"python"}')
        try:
            position = log.append_to_stream(stream, events=event, current_version=expected)
            tell(appended=log.get_current_version(stream), position=position)
        except (AccessDeniedError, UnauthenticatedError) as refusal:
            tell(refused=type(refusal).__name__)
        except WrongCurrentVersionError as refusal:
            tell(refused=type(refusal).__name__, current=refusal.actual_version)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, parameters in {
        "stream": ["uuid", "--backwards"],
        "all": ["--backwards"],
        "follow": ["uuid"],
        "share": ["uuid", "group"],
        "append": ["stream"],
    }.items():
        command = commands.add_parser(name)
        for parameter in parameters:
            command.add_argument(parameter, **({"action": "store_true"} if parameter.startswith("--") else {}))
    arguments = vars(parser.parse_args())
    does = {"stream": stream, "all": all_sessions, "follow": follow, "share": share, "append": append}
    with KurrentDBClient(os.environ["LIVENESS_LOG"]) as log:
        does[arguments.pop("command")](log, **arguments)


if __name__ == "__main__":
    main()
