import { defineConfig } from "vitest/config";

// Two kinds of test: pure ones in Node, with fakes of the browser, and a few in a real Chromium.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"] } },
      {
        test: {
          name: "browser",
          include: ["browser/**/*.test.ts"],
          // The fake microphone plays in real time, and two cores serve one Chromium at a time.
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
