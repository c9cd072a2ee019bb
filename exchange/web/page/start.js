// Starts GraphiQL on this server's /graphql. The examples are the operations of examples.graphql, one a tab.
"use strict";

// A token goes into the headers tab as {"Authorization": "Bearer …"}; it is sent with each question and kept nowhere.
function ask(question, options) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", ...(options && options.headers) };
  return fetch("/graphql", { method: "POST", headers, body: JSON.stringify(question) }).then((answer) => answer.json());
}

function show(examples) {
  const tabs = examples.map((query) => ({ query: query.trim() + "\n", headers: "{}" }));
  const name = React.createElement("span", { className: "exchange-name" }, "The footprint exchange");
  const page = React.createElement(
    GraphiQL,
    {
      fetcher: ask,
      defaultTabs: tabs,
      defaultHeaders: "{}",
      defaultEditorToolsVisibility: "headers",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
    },
    React.createElement(GraphiQL.Logo, null, name),
  );
  ReactDOM.render(page, document.getElementById("graphiql"));
}

fetch("/graphiql/examples.graphql")
  .then((answer) => answer.text())
  .then((text) => show(text.split(/^#{20,}$/m).filter((query) => query.trim())));
