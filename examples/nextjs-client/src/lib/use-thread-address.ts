"use client";

import { useCallback, useEffect, useState } from "react";

/** The conversation that the address bar names with ?threadId=. Back and forward work. */
export function useThreadAddress(initial: string | null): [string | null, (id: string | null) => void] {
  const [threadId, setThreadId] = useState(initial);
  useEffect(() => {
    const read = () => setThreadId(new URLSearchParams(window.location.search).get("threadId"));
    window.addEventListener("popstate", read);
    return () => window.removeEventListener("popstate", read);
  }, []);
  const show = useCallback((id: string | null) => {
    setThreadId(id);
    const address = id ? `/?${new URLSearchParams({ threadId: id })}` : "/";
    if (window.location.pathname + window.location.search !== address) window.history.pushState(null, "", address);
  }, []);
  return [threadId, show];
}
