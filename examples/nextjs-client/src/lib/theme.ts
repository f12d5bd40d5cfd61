// The theme is a cookie, so that the server's first page has it already and nothing flashes.

export const themeCookie = "heddle_theme";

/** system: what the browser prefers. */
export type Theme = "system" | "light" | "dark";

export function themeFrom(cookie: string | undefined): Theme {
  return cookie === "light" || cookie === "dark" ? cookie : "system";
}
