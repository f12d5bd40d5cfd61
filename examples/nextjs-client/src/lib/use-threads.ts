"use client";

import type { Client, Thread } from "@langchain/langgraph-sdk";
import { useCallback, useEffect, useRef, useState } from "react";

export interface ThreadEntry {
  id: string;
  title: string;
  updatedAt: string; // RFC 3339
  status: Thread["status"];
}

const threadsMax = 100; // newest conversations in the list

/** The conversations of this user, newest first. */
export function useThreads(client: Client) {
  const [threads, setThreads] = useState<ThreadEntry[] | null>(null);
  const [failed, setFailed] = useState(false);
  const latest = useRef(0);

  const refresh = useCallback(async () => {
    const reading = ++latest.current;
    try {
      const found = await client.threads.search({
        limit: threadsMax,
        sortBy: "updated_at",
        sortOrder: "desc",
        select: ["thread_id", "updated_at", "metadata", "status"],
      });
      if (reading !== latest.current) return;
      setThreads(found.map(entryOf));
      setFailed(false);
    } catch {
      if (reading === latest.current) setFailed(true);
    }
  }, [client]);

  useEffect(() => void refresh(), [refresh]);

  const remove = async (id: string) => {
    await client.threads.delete(id);
    await refresh();
  };

  return { threads, failed, refresh, remove };
}

function entryOf(thread: Thread): ThreadEntry {
  const title = thread.metadata?.title;
  return {
    id: thread.thread_id,
    title: typeof title === "string" && title ? title : "Untitled",
    updatedAt: thread.updated_at,
    status: thread.status,
  };
}

/** Headings of the list. `now` is an argument so that the rule is a plain function. */
export function groupByDay(threads: ThreadEntry[], now: Date): [string, ThreadEntry[]][] {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const dayMs = 24 * 60 * 60 * 1000;
  const groups = new Map<string, ThreadEntry[]>();
  for (const thread of threads) {
    const age = midnight - new Date(thread.updatedAt).getTime();
    const day = age <= 0 ? "Today" : age <= dayMs ? "Yesterday" : age <= 7 * dayMs ? "This week" : "Earlier";
    groups.set(day, [...(groups.get(day) ?? []), thread]);
  }
  return [...groups];
}
