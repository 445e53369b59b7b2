// The style of report pages: light and dark, wide and narrow, on screen and on paper.

/** CSS without imports, fonts and images. */
export const reportStyle = `
:root{color-scheme:light dark;--ink:#1c2128;--soft:#59636e;--page:#f6f7f9;--card:#fff;--line:#d9dee4;--good:#17713a;--pending:#8a5300;--bad:#b3261e;--mark:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa5b1;--page:#12161b;--card:#1a2028;--line:#323b46;--good:#5fce85;--pending:#e5ae4d;--bad:#ff8a80;--mark:#7ab8ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem clamp(1rem,3vw,3rem) 4rem;max-width:110rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.75rem;line-height:1.2}
h2{margin:2.25rem 0 .75rem;font-size:1.2rem}
p{margin:.4rem 0}
p,code,td,dd{overflow-wrap:anywhere}
.places{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem}
code,.digest{font:.86em/1.5 ui-monospace,monospace}
.good{--tone:var(--good)}.pending{--tone:var(--pending)}.bad{--tone:var(--bad)}.plain{--tone:var(--soft)}
.verdict{font-size:1.1rem;font-weight:600;color:var(--tone)}
.note,dt,form,#count,.places span{color:var(--soft)}
dl{display:flex;flex-wrap:wrap;gap:.3rem 2rem;margin:.75rem 0 0;font-size:.92rem}
dl div{display:flex;gap:.5rem;max-width:100%}
dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));gap:.75rem;margin:1.5rem 0 0;padding:0;list-style:none}
.tiles li{padding:.7rem .9rem;border:1px solid var(--line);border-top:3px solid var(--tone);border-radius:8px;background:var(--card);color:var(--soft)}
.tiles strong{display:block;color:var(--tone);font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles .none{border-top-color:var(--line)}
details,.left{margin:.75rem 0;padding:.75rem 1rem;border:1px solid var(--line);border-left:3px solid var(--tone,var(--pending));border-radius:8px;background:var(--card)}
summary{cursor:pointer;font-weight:600}
summary b{color:var(--tone)}
details ul{margin:.5rem 0 0;padding-left:1.2rem}
details li{margin:.4rem 0}
form{display:flex;flex-wrap:wrap;align-items:center;gap:.6rem 1rem}
form[hidden]{display:none}
form div{display:flex;flex-wrap:wrap;gap:.4rem}
input,button{font:inherit;color:var(--ink)}
[type=search]{width:min(20rem,70vw);padding:.35rem .7rem;border:1px solid var(--line);border-radius:8px;background:var(--card)}
[type=checkbox]{accent-color:var(--mark)}
button{padding:.3rem .8rem;border:1px solid var(--line);border-radius:99px;background:var(--card);cursor:pointer}
button b{color:var(--soft);font-weight:400;font-variant-numeric:tabular-nums}
[aria-pressed=true]{border-color:var(--mark);box-shadow:inset 0 0 0 1px var(--mark)}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
table{width:100%;table-layout:fixed;border-collapse:collapse;border:1px solid var(--line);background:var(--card)}
th,td{padding:.4rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{position:sticky;top:0;z-index:1;padding:0;background:var(--card);box-shadow:inset 0 -1px var(--line)}
thead:not(:has(button)) th{padding:.4rem .7rem}
th button{width:100%;padding:.5rem .7rem;border:0;border-radius:0;background:none;font-weight:600;text-align:left}
th button:focus-visible{outline-offset:-2px}
th button::after{content:" ↕";color:var(--soft);opacity:.5}
[aria-sort=ascending] button::after{content:" ↑";color:var(--mark);opacity:1}
[aria-sort=descending] button::after{content:" ↓";color:var(--mark);opacity:1}
td::before{display:none}
td:first-child{color:var(--tone);font-weight:600}
tr:hover td{background:color-mix(in srgb,var(--mark) 6%,transparent)}
.digest{overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
.whole .digest{white-space:normal}
.sentence{color:var(--soft);font-size:.92rem}
.sentence div{display:-webkit-box;overflow:hidden;-webkit-box-orient:vertical;-webkit-line-clamp:3}
.whole .sentence div{display:block}
@media screen and (max-width:56rem){
table,tbody,tr,td{display:block}
thead{display:block;border-bottom:1px solid var(--line)}
thead tr{display:flex;flex-wrap:wrap}
th{position:static;width:auto!important;box-shadow:none}
tbody tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
td{display:flex;gap:.6rem;padding:.1rem .7rem;border:0}
td:empty{display:none}
td::before{display:block;flex:0 0 6rem;color:var(--soft);font:400 .85rem/1.6 system-ui,sans-serif}
.digest{display:block;padding-left:7.3rem}
.digest::before{float:left;width:6.6rem;margin-left:-6.6rem}
}
@media print{
:root{font-size:11px;--ink:#000;--soft:#444;--page:#fff;--card:#fff;--line:#bbb;--good:#17713a;--pending:#8a5300;--bad:#b3261e}
body{padding:0;font-size:10px}
form,th button::after{display:none!important}
th{position:static}
th button{padding:.3rem}
.digest{white-space:normal}
.sentence div{display:block}
tr,.tiles li{break-inside:avoid}
}
`;
