async (script, wasm) => {
  // Most pages have no island and load nothing more.
  if (document.querySelector("leptos-island")) {
    const module = await import(script);
    await module.default({ module_or_path: wasm });
    module.hydrate();
    const wake = async (node) => {
      if (node.localName === "leptos-island") await module[node.dataset.component](node);
      for (const child of node.children) await wake(child);
    };
    await wake(document.body);
  }
  document.documentElement.dataset.hydrated = "true";
}