// From what went wrong to what a person can do about it.

export interface ReadableError {
  title: string;
  advice: string;
  /** For those who run the server. */
  details?: string;
  /** Asking again is of no use, logging in is. */
  needsLogin?: boolean;
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === "string") return error;
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return String(error);
}

function statusOf(error: unknown): number | undefined {
  if (typeof error === "object" && error !== null && "status" in error && typeof error.status === "number") {
    return error.status;
  }
  const written = /^HTTP (\d{3})/.exec(textOf(error));
  return written ? Number(written[1]) : undefined;
}

const unreachable = /fetch failed|failed to fetch|network ?error|load failed|reconnection attempts|ECONNREFUSED/i;

export function readableError(error: unknown): ReadableError {
  const details = textOf(error);
  const status = statusOf(error);
  if (unreachable.test(details)) {
    return {
      title: "The server cannot be reached",
      advice: "Nothing is lost. Try again in a moment; if it stays like this, look whether heddle is running.",
      details,
    };
  }
  if (status === 401 || status === 403) {
    return { title: "Your session has ended", advice: "Log in again to go on.", details, needsLogin: true };
  }
  if (status === 404) {
    return {
      title: "This conversation does not exist any more",
      advice: "It may have been deleted. Start a new one.",
      details,
    };
  }
  if (status === 409 || (status === 422 && /busy|already running/i.test(details))) {
    return {
      title: "The assistant is still busy here",
      advice: "An earlier answer is still being written. Try again in a moment.",
      details,
    };
  }
  return {
    title: "The assistant could not answer",
    advice: "Your message is kept. Try again, or edit it and ask in another way.",
    details,
  };
}
