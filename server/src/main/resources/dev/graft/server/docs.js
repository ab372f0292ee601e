"use strict";

(() => {
  // Swagger UI has a dark dress of its own, and waits for this class to put it on.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", dress);
  dress();

  // The examples can be copied as they stand.
  for (const code of document.querySelectorAll("[data-origin]")) {
    code.textContent = code.textContent.replace("http://localhost:3000", location.origin);
  }

  SwaggerUIBundle({
    url: "/openapi.yaml",
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    defaultModelExpandDepth: 2,
    displayRequestDuration: true,
    validatorUrl: null,
  });
})();
