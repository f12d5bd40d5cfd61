// A subset of the Calendar API: everybody's primary calendar, its events, new events, free and busy times.
import { createHash, randomUUID } from "node:crypto";
import { googleRefusal, personOf } from "./access.mjs";
import { eventsOf } from "./letters.mjs";

const WRITE = ["calendar", "calendar.events"];
const READ = [...WRITE, "calendar.readonly", "calendar.events.readonly", "calendar.events.owned"];
const DAY = 86_400_000;
const EVENTS_MAX = 2000; // of one calendar; the oldest go

const instant = ({ dateTime, date } = {}) => Date.parse(dateTime ?? `${date}T00:00:00Z`);

export class Calendars {
  constructor() {
    this.reset();
  }

  reset() {
    this.calendars = new Map();
  }

  of(person) {
    if (!this.calendars.has(person.name)) {
      const today = Math.floor(Date.now() / DAY) * DAY;
      const events = eventsOf(person).map(([summary, days, hour, hours, location]) => {
        const start = today + days * DAY + hour * 3_600_000;
        return this.event(
          person,
          {
            summary,
            location,
            start: { dateTime: new Date(start).toISOString() },
            end: { dateTime: new Date(start + hours * 3_600_000).toISOString() },
          },
          createHash("sha256")
            .update(person.name + summary)
            .digest("hex")
            .slice(0, 26),
        );
      });
      this.calendars.set(person.name, events);
    }
    return this.calendars.get(person.name);
  }

  event(person, wanted, id = randomUUID().replaceAll("-", "").slice(0, 26)) {
    const who = { email: person.email, self: true };
    const now = new Date().toISOString();
    const zoned = (time) => (time.dateTime ? { timeZone: "UTC", ...time } : time);
    return {
      kind: "calendar#event",
      etag: `"${id}"`,
      id,
      status: "confirmed",
      htmlLink: `https://localhost/calendar/event?eid=${id}`,
      created: now,
      updated: now,
      creator: who,
      organizer: who,
      iCalUID: `${id}@example.test`,
      sequence: 0,
      eventType: "default",
      ...wanted,
      start: zoned(wanted.start),
      end: zoned(wanted.end),
    };
  }
}

/** `calendars`: Calendars. */
export const calendarRoutes = (state, calendars) => {
  const base = "/calendar/v3";
  const ownerOf = (request, scopes) => {
    const person = personOf(state, request, scopes);
    if (!["primary", person.email].includes(request.params.calendar ?? "primary"))
      throw googleRefusal(404, "Not Found");
    return person;
  };

  const within = (person, from, to) =>
    calendars
      .of(person)
      .filter((event) => !(instant(event.end) <= from) && !(instant(event.start) >= to))
      .sort((a, b) => instant(a.start) - instant(b.start));

  const time = (text, name) => {
    if (text === null || text === undefined) return NaN;
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw googleRefusal(400, `Invalid value for ${name}: not an RFC 3339 time`);
    return at;
  };

  const list = (request) => {
    const person = ownerOf(request, READ);
    const { query } = request;
    const q = query.get("q")?.toLowerCase();
    const max = Math.min(Math.max(Number(query.get("maxResults") ?? 250) || 250, 1), 2500);
    const items = within(person, time(query.get("timeMin"), "timeMin"), time(query.get("timeMax"), "timeMax")).filter(
      (event) => !q || JSON.stringify([event.summary, event.description, event.location]).toLowerCase().includes(q),
    );
    return {
      json: {
        kind: "calendar#events",
        summary: person.email,
        timeZone: "UTC",
        accessRole: "owner",
        updated: new Date().toISOString(),
        items: items.slice(0, max),
      },
    };
  };

  const insert = (request) => {
    const person = ownerOf(request, WRITE);
    const { start, end } = request.body ?? {};
    if (!start || Number.isNaN(instant(start))) throw googleRefusal(400, "Missing or invalid start time.");
    if (!end || Number.isNaN(instant(end))) throw googleRefusal(400, "Missing or invalid end time.");
    if (instant(end) < instant(start)) throw googleRefusal(400, "The specified time range is empty.");
    const event = calendars.event(person, request.body);
    const all = calendars.of(person);
    all.push(event);
    if (all.length > EVENTS_MAX) all.shift();
    return { json: event };
  };

  const get = (request) => {
    const event = calendars.of(ownerOf(request, READ)).find(({ id }) => id === request.params.id);
    if (!event) throw googleRefusal(404, "Not Found");
    return { json: event };
  };

  const calendarList = (request) => {
    const { email } = ownerOf(request, ["calendar", "calendar.readonly"]);
    return {
      json: {
        kind: "calendar#calendarList",
        items: [
          {
            kind: "calendar#calendarListEntry",
            id: email,
            summary: email,
            primary: true,
            timeZone: "UTC",
            accessRole: "owner",
          },
        ],
      },
    };
  };

  const freeBusy = (request) => {
    const person = ownerOf(request, [...READ, "calendar.freebusy"]);
    const { timeMin, timeMax, items = [{ id: "primary" }] } = request.body ?? {};
    const busy = within(person, time(timeMin, "timeMin"), time(timeMax, "timeMax")).map(({ start, end }) => ({
      start: new Date(instant(start)).toISOString(),
      end: new Date(instant(end)).toISOString(),
    }));
    const shown = items.map(({ id }) => [
      id,
      ["primary", person.email].includes(id)
        ? { busy }
        : { errors: [{ domain: "global", reason: "notFound" }], busy: [] },
    ]);
    return { json: { kind: "calendar#freeBusy", timeMin, timeMax, calendars: Object.fromEntries(shown) } };
  };

  return [
    ["GET", `${base}/calendars/:calendar/events`, list],
    ["POST", `${base}/calendars/:calendar/events`, insert],
    ["GET", `${base}/calendars/:calendar/events/:id`, get],
    ["GET", `${base}/users/me/calendarList`, calendarList],
    ["POST", `${base}/freeBusy`, freeBusy],
  ];
};
