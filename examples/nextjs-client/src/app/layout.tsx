import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { themeCookie, themeFrom } from "@/lib/theme";
import "@/styles/base.css";
import "@/styles/layout.css";
import "@/styles/messages.css";
import "@/styles/panels.css";

export const metadata: Metadata = {
  title: "heddle chat",
  description: "A chat with an agent that runs on heddle",
};

export const viewport: Viewport = { width: "device-width", initialScale: 1 };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = themeFrom((await cookies()).get(themeCookie)?.value);
  return (
    <html lang="en" data-theme={theme}>
      <body>{children}</body>
    </html>
  );
}
