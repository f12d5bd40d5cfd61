"use client";

import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { messageText, titleFrom } from "@/lib/conversation";
import type { Identity } from "@/lib/identity";
import type { Theme } from "@/lib/theme";
import { useConversation } from "@/lib/use-conversation";
import { useThreadAddress } from "@/lib/use-thread-address";
import { useThreads } from "@/lib/use-threads";
import { Composer } from "./composer";
import { ConversationView } from "./conversation-view";
import { MenuIcon, PlusIcon } from "./icons";
import { Sidebar } from "./sidebar";

interface Props {
  identity: Identity;
  assistantId: string;
  initialThreadId: string | null;
  initialTheme: Theme;
}

const never = () => () => {};

/** The SDK wants an absolute address, which only the browser knows. */
export function ChatApp(props: Props) {
  const origin = useSyncExternalStore(never, () => window.location.origin, () => null);
  if (!origin) return <div className="app" data-testid="chat-loading" />;
  return <Chat {...props} apiUrl={`${origin}/api/chat`} />;
}

function Chat({ identity, assistantId, initialThreadId, initialTheme, apiUrl }: Props & { apiUrl: string }) {
  const [threadId, showThread] = useThreadAddress(initialThreadId);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [changes, setChanges] = useState(0);
  const onChange = useCallback(() => setChanges((count) => count + 1), []);
  const conversation = useConversation({ apiUrl, assistantId, threadId, onThreadId: showThread, onChange });
  const { threads, failed, refresh, remove } = useThreads(conversation.client);
  useEffect(() => {
    if (changes > 0) void refresh();
  }, [changes, refresh]);

  const { isLoading, stop } = conversation;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (isMenuOpen) setMenuOpen(false);
      else if (isLoading) stop();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [isMenuOpen, isLoading, stop]);

  const show = (id: string | null) => {
    showThread(id);
    setMenuOpen(false);
  };
  // Before the list knows the conversation, its first message does.
  const first = conversation.messages.find((message) => message.type === "human");
  const listed = threads?.find((thread) => thread.id === threadId)?.title;
  const title = listed ?? (first ? titleFrom(messageText(first)) : "New conversation");

  return (
    <div className="app" data-testid="chat-app">
      <a className="skip-link" href="#composer">
        Skip to the message field
      </a>
      <Sidebar
        identity={identity}
        initialTheme={initialTheme}
        threads={threads}
        failed={failed}
        shownId={threadId}
        isOpen={isMenuOpen}
        onShow={show}
        onRemove={async (id) => {
          await remove(id);
          if (id === threadId) show(null);
        }}
        onClose={() => setMenuOpen(false)}
      />
      <main className="main">
        <header className="top-bar">
          <button
            type="button"
            className="icon-button only-narrow"
            onClick={() => setMenuOpen(true)}
            aria-label="Show conversations"
            aria-expanded={isMenuOpen}
            data-testid="open-menu"
          >
            <MenuIcon />
          </button>
          <h1 className="top-title" data-testid="thread-title">
            {title}
          </h1>
          <button
            type="button"
            className="icon-button only-narrow"
            onClick={() => show(null)}
            aria-label="New conversation"
          >
            <PlusIcon />
          </button>
        </header>
        <ConversationView conversation={conversation} threadId={threadId} />
        <Composer key={threadId ?? "new"} conversation={conversation} />
      </main>
    </div>
  );
}
