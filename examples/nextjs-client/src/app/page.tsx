import { cookies } from "next/headers";
import { ChatApp } from "@/components/chat-app";
import { SignIn } from "@/components/sign-in";
import { currentIdentity } from "@/lib/identity";
import { assistantId } from "@/lib/settings";
import { themeCookie, themeFrom } from "@/lib/theme";

export const dynamic = "force-dynamic";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const identity = await currentIdentity();
  const { threadId, login } = await searchParams;
  if (!identity) return <SignIn hasFailed={login === "failed"} />;
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
