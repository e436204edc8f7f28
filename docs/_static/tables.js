// On a telephone a row of a table is a block, in which each cell says what its column is.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.docutils")) {
    const names = [...table.querySelectorAll("thead th")].map((cell) => cell.innerText);
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].forEach((cell, number) => {
        cell.dataset.column = names[number] ?? "";
        cell.classList.toggle("empty", !cell.innerText.trim());
      });
    }
  }
});
