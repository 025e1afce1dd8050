export interface MailContent {
  readonly language: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly action: { readonly label: string; readonly link: string } | null;
}

/** A mail that reads on any screen, light or dark, without a picture or anything else from elsewhere. */
export function layout({ language, title, paragraphs, action }: MailContent): string {
  const body = paragraphs.map((text) => `<p style="margin:0 0 16px">${escape(text)}</p>`).join('\n');
  const button = action
    ? `<p style="margin:24px 0 8px"><a href="${escape(action.link)}" style="display:inline-block;background:#0b5f66;color:#ffffff;text-decoration:none;font-weight:600;padding:12px 20px;border-radius:10px">${escape(action.label)}</a></p>
<p style="margin:0;font-size:14px;color:#51626b;word-break:break-all">${escape(action.link)}</p>`
    : '';
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
</head>
<body style="margin:0;background:#f3f6f6;color:#15242b;font:16px/1.55 'Noto Sans','Noto Sans Devanagari',system-ui,sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px 16px">
<p style="margin:0 0 16px;font-weight:700;color:#0b5f66">Nadi</p>
<div style="background:#ffffff;border:1px solid #dbe3e4;border-radius:16px;padding:24px">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${escape(title)}</h1>
${body}
${button}
</div>
</div>
</body>
</html>
`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
