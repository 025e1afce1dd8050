import { navigate, route } from '../routes.ts';

/** Goes where a notice leads; `/` is wherever the person is. */
export function openPath(path: string): void {
  const threadId = /^\/messages\/([\w-]{1,64})$/.exec(path)?.[1];
  if (threadId !== undefined) void navigate('/messages/:threadId', { params: { threadId } });
  else if (path === '/patient' || path === '/staff' || path === '/desk') {
    if (route.pathname !== path) void navigate(path);
  }
}
