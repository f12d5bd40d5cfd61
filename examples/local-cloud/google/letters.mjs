// The mail that everybody has, as plain descriptions: what it says, how it is built, how old it is.
// The people are invented. `hours`: age; `form`: how the message is built (message.mjs).

const longReport = () => {
  const lines = ["The full log of the tide station, one line a minute, as you asked.", ""];
  for (let minute = 0; minute < 4000; ++minute) {
    const level = (200 + 150 * Math.sin(minute / 120)).toFixed(1);
    lines.push(
      `minute ${String(minute).padStart(4, "0")}: level ${level} cm, wind ${(minute * 7) % 23} kn, all instruments well`,
    );
  }
  return [...lines, "", "End of the log. The last word is PERIWINKLE-3318."].join("\n");
};

const SHARED = [
  {
    from: "Orla Finch <orla.finch@example.com>",
    subject: "Dinner on Thursday?",
    hours: 30,
    read: true,
    text: "There is a new place by the harbour that does only soup. Seven o'clock?\n\nOrla",
  },
  {
    from: "Library of Northhaven <desk@library.example.org>",
    subject: "Two books are due",
    hours: 50,
    read: true,
    form: "alternative",
    text: "These are due on Friday:\n - A Field Guide to Moths\n - Bridges and How They Fall\n\nRenew online or at the desk.",
    html: "<p>These are due on Friday:</p><ul><li>A Field Guide to Moths</li><li>Bridges and How They Fall</li></ul><p>Renew online or at the desk.</p>",
  },
  {
    from: "Tide Station 4 <log@tides.example.net>",
    subject: "Full log of the week",
    hours: 75,
    read: true,
    text: longReport(),
  },
  {
    from: "Zoë Ødegård <zoe@example.com>",
    subject: "Grüße aus Tromsø – こんにちは ☃",
    hours: 80,
    read: true,
    text: "Liebe Grüße! Das Café heißt «Låvenjåveln», und das Essen war köstlich.\nこちらはもう冬です。🌌\n\nZoë",
  },
  {
    from: "Northhaven Weekly <news@weekly.example.org>",
    subject: "This week: the ferry, the fog, the fair",
    hours: 100,
    read: true,
    form: "html",
    html: "<html><body><h1>This week</h1><p>The <b>ferry</b> runs again. The <i>fog</i> does not lift. The fair opens on Saturday at 10.</p></body></html>",
  },
  {
    from: "Pell & Daughters <office@pell.example.com>",
    subject: "Invoice 2093 for brass fittings",
    hours: 120,
    read: true,
    form: "attachment",
    text: "Please find the invoice attached. Forty gears, two springs.\n\nPell & Daughters",
    attachment: ["invoice-2093.csv", "text/csv", "item,count,price\ngear,40,1.20\nspring,2,3.50\n"],
  },
  {
    from: "Bram Castellan <bram@example.com>",
    subject: "Re: the boat",
    hours: 140,
    read: true,
    thread: "boat",
    text: "Agreed. I bring the paint, you bring the patience.",
  },
  {
    from: "Bram Castellan <bram@example.com>",
    subject: "the boat",
    hours: 150,
    read: true,
    thread: "boat",
    text: "The hull needs a second coat before the rain comes. Saturday?",
  },
];

const OWN = {
  mira: [
    {
      from: "Ines Varga <ines.varga@example.com>",
      subject: "Quarterly moth report",
      hours: 2,
      starred: true,
      text: "We found the moth again, in the relay room of all places. The access word is HELIOTROPE-7741.\n\nInes",
    },
    {
      from: "Pell & Daughters <office@pell.example.com>",
      subject: "Gears for Tuesday",
      hours: 5,
      text: "Please confirm forty brass gears for Tuesday. Ref ORRERY-2093.",
    },
    {
      from: "Tomas Okafor <tomas@example.test>",
      subject: "Slides – letzte Fassung, s’il vous plaît",
      hours: 9,
      form: "alternative",
      text: "Könntest du die Folien noch einmal ansehen? Seite 4: „größer“, nicht „grösser“. Merci – Tomas 🙏",
      html: "<p>Könntest du die Folien noch einmal ansehen?</p>",
    },
    {
      from: "Harbour Office <notices@harbour.example.org>",
      subject: "Berth 12 moves to the east pier",
      hours: 20,
      form: "html",
      html: "<p>From Monday, <b>berth 12</b> is at the <b>east pier</b>.</p>",
    },
  ],
  tomas: [
    {
      from: "Mira Solberg <mira@example.test>",
      subject: "Your slides are fine",
      hours: 1,
      text: "I changed one comma on page 4. Send them. The codeword for the room is TAMARISK-5520.",
    },
    {
      from: "Kiln & Co <orders@kiln.example.com>",
      subject: "Your tiles have left the kiln",
      hours: 7,
      text: "Order 881: twelve tiles, glazed, arriving on Wednesday between 9 and 11.",
    },
    {
      from: "Choir <choir@example.org>",
      subject: "Rehearsal moves to 19:30",
      hours: 26,
      form: "alternative",
      text: "Only this week. Basses, please bring the green score.",
      html: "<p>Only this week.</p>",
    },
  ],
  junko: [
    {
      from: "Tide Station 4 <log@tides.example.net>",
      subject: "Full log, unread and very long",
      hours: 1,
      text: longReport(),
    },
    {
      from: "月浜町役場 <info@tsukihama.example.org>",
      subject: "ごみ収集日の変更のお知らせ",
      hours: 3,
      text: "来週の収集日は水曜日に変更になります。合言葉は MIMOSA-1187 です。",
    },
    {
      from: "Attic Archive <scans@attic.example.com>",
      subject: "Scans of the old maps",
      hours: 28,
      form: "attachment",
      text: "Three sheets, numbered. Map 2 has a tear.",
      attachment: ["maps.txt", "text/plain", "sheet 1\nsheet 2 (torn)\nsheet 3\n"],
    },
  ],
};

const WELCOME = (person) => [
  {
    from: "The local cloud <cloud@example.test>",
    subject: `Welcome, ${person.display}`,
    hours: 1,
    text: "This mailbox was made a moment ago, on this machine. Write to mira@example.test and look into her inbox.",
  },
  {
    from: "Ines Varga <ines.varga@example.com>",
    subject: "A moth for you",
    hours: 4,
    text: "It sat on the window. The word is CALENDULA-4402.",
  },
];

const SENT = (person) => ({
  from: `${person.display} <${person.email}>`,
  to: "Orla Finch <orla.finch@example.com>",
  subject: "Re: Dinner on Thursday?",
  hours: 29,
  read: true,
  sent: true,
  text: "Soup it is. Seven.",
});

/** Newest first. */
export const lettersOf = (person) =>
  [...(OWN[person.name] ?? WELCOME(person)), ...SHARED, SENT(person)].sort((a, b) => a.hours - b.hours);

/** Events of the coming days: [summary, days from today, hour, length in hours, place]. */
export const eventsOf = (person) => [
  [`Breakfast with ${person.name === "mira" ? "Tomas" : "Mira"}`, 0, 8, 1, "Harbour café"],
  ["Review of the moth report", 0, 14, 1, "Relay room"],
  ["Fitting of the brass gears", 1, 10, 2, "Workshop"],
  ["Choir – générale", 2, 19, 2, "Old customs house"],
  ["Painting the boat", 4, 9, 5, "East pier, berth 12"],
];
