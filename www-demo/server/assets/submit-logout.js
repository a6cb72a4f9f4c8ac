// The button stays for whoever has script switched off; a click sends its logout=yes along, form.submit() would not.
document.querySelector("button[name=logout]").click();
