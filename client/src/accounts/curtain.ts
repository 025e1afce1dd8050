/**
 * Takes everything but `keep` out of the page, also what comes later, and gives it back as it was: what somebody has typed is still in it. Out
 * of the page means that neither a passer-by nor a screen reader nor the search of the browser finds it.
 */
export function drawCurtain(keep: Element, page: Document = document): () => void {
  const { body } = page;
  const holder = page.createDocumentFragment();
  const taken: { node: Element; mark: Comment }[] = [];
  const { activeElement, title } = page;
  const scrolled = page.defaultView?.scrollY ?? 0;
  const take = (node: Node): void => {
    if (!(node instanceof Element) || node === keep || ['SCRIPT', 'STYLE', 'LINK', 'NOSCRIPT'].includes(node.tagName))
      return;
    const mark = page.createComment('');
    node.replaceWith(mark);
    holder.append(node);
    taken.push({ node, mark });
  };
  for (const node of [...body.children]) take(node);
  const watching = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) addedNodes.forEach(take);
  });
  watching.observe(body, { childList: true });

  return () => {
    watching.disconnect();
    for (const { node, mark } of taken) {
      // What was closed meanwhile is gone by itself.
      if (node.parentNode === holder) mark.replaceWith(node);
      else mark.remove();
    }
    page.title = title;
    page.defaultView?.scrollTo(0, scrolled);
    if (activeElement instanceof HTMLElement) activeElement.focus({ preventScroll: true });
  };
}
