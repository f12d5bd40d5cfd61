"use client";

import { useState } from "react";
import { themeCookie, type Theme } from "@/lib/theme";
import { MoonIcon, SunIcon, SystemIcon } from "./icons";

const next: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const icons: Record<Theme, typeof SunIcon> = { system: SystemIcon, light: SunIcon, dark: MoonIcon };
const keptSeconds = 365 * 24 * 60 * 60;

export function ThemeToggle({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const change = () => {
    const chosen = next[theme];
    setTheme(chosen);
    document.documentElement.dataset.theme = chosen;
    document.cookie = `${themeCookie}=${chosen}; path=/; max-age=${keptSeconds}; samesite=lax`;
  };
  const ThemeIcon = icons[theme];
  const label = `Theme: ${theme}. Change to ${next[theme]}`;
  return (
    <button type="button" className="icon-button" onClick={change} aria-label={label} title={label} data-testid="theme">
      <ThemeIcon />
    </button>
  );
}
