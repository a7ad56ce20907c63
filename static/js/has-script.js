// Before the first paint: what needs a script may show itself.
document.documentElement.classList.add("has-script");
// Whoever goes on before the crossing from one page to the next is over cuts it short: that is no failure to report.
for (const type of ["pageswap", "pagereveal"]) {
  addEventListener(type, ({ viewTransition }) => {
    for (const part of ["ready", "finished"]) viewTransition?.[part].catch(() => {});
  });
}
