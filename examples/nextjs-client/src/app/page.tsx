import { cookies } from "next/headers";
import { ChatApp } from "@/components/chat-app";
import { SignIn } from "@/components/sign-in";
import { currentIdentity } from "@/lib/identity";
import { assistantId } from "@/lib/settings";
import { themeCookie, themeFrom } from "@/lib/theme";

export const dynamic = "force-dynamic";

export default async function Page({ searchParams }: { searchParams: Promise<{ threadId?: string | string[] }> }) {
  const identity = await currentIdentity();
  if (!identity) return <SignIn />;
  const { threadId } = await searchParams;
  const theme = themeFrom((await cookies()).get(themeCookie)?.value);
  return (
    <ChatApp
      identity={identity}
      assistantId={assistantId()}
      initialThreadId={typeof threadId === "string" && threadId ? threadId : null}
      initialTheme={theme}
    />
  );
}
