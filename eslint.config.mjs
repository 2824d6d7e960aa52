import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules", "artifacts", "cache", "typechain-types", "coverage", "out", "deployments"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "CallExpression[callee.property.name='only']", message: "a test with .only hides the others" },
      ],
    },
  },
  {
    // The engine is a library that a person can use without Hardhat; tasks inject what it needs.
    files: ["src/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-imports": [
        "error",
        {
          paths: [{ name: "hardhat", message: "src/ never imports hardhat: tasks inject provider and artifacts" }],
          patterns: ["hardhat/*", "@nomicfoundation/*", "**/tasks/*", "**/typechain-types/*"],
        },
      ],
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "src/ has no environment: pass it in" },
      ],
    },
  },
  { files: ["**/*.js"], languageOptions: { sourceType: "commonjs", globals: { module: "writable" } } },
  {
    // chai's assertions are properties.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
);
