// The worker's side of the planner; the build puts it behind the module's own script.
// First it is told where the module and the catalogue are, then it answers requests in turn:
// a preview in JSON for each, or nothing where it cannot.
{
  let planner;
  const start = async ({ module, catalogue }) => {
    const foods = fetch(catalogue);
    await wasm_bindgen({ module_or_path: module });
    const answer = await foods;
    if (!answer.ok) throw new Error(`${answer.status} for ${catalogue}`);
    return new wasm_bindgen.Planner(new Uint8Array(await answer.arrayBuffer()));
  };
  onmessage = async ({ data }) => {
    try {
      if (!planner) {
        planner = start(JSON.parse(data));
        await planner;
      } else {
        postMessage((await planner).preview(data));
      }
    } catch {
      // The page says so; while it is being left, loading fails, too, and nobody needs to know.
      postMessage("");
    }
  };
}
