// SPDX-License-Identifier: Apache-2.0

/** The page before its script has run; every text of the call is put in by the script, as text. */
export const MARKUP = `
<noscript>This page draws the call with its own script; switch JavaScript on to see it.</noscript>
<div id="app">
<header>
<div class="name"><h1 id="title"></h1><p id="subtitle"></p></div>
<dl id="stats" aria-label="Figures of the call"></dl>
<div class="buttons">
<button id="theme" type="button" aria-label="Dark or light" title="Dark or light (T)">
<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6"/><path class="half" d="M8 2a6 6 0 0 1 0 12z"/></svg>
</button>
<button id="help-button" type="button" aria-label="Help" title="Help (?)">?</button>
</div>
</header>
<nav id="verdicts" aria-label="Verdicts"><ul></ul></nav>
<div id="bar">
<div id="search-box" role="search">
<input id="search" type="search" placeholder="Search words, tools, frames" autocomplete="off"
 spellcheck="false" aria-label="Search the call" aria-describedby="found" aria-keyshortcuts="/ Control+F">
<span id="found"></span>
<button id="previous" type="button" aria-label="Previous match" title="Previous match (Shift+N)">
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 10 8 5.5l4.5 4.5"/></svg></button>
<button id="next" type="button" aria-label="Next match" title="Next match (N)">
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 6 8 10.5 12.5 6"/></svg></button>
</div>
<output id="window" aria-label="Visible window"></output>
<div class="buttons">
<button id="zoom-out" type="button" aria-label="Zoom out" title="Zoom out (-)">
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 8h10"/></svg></button>
<button id="zoom-in" type="button" aria-label="Zoom in" title="Zoom in (+)">
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 8h10M8 3v10"/></svg></button>
<button id="fit" type="button" title="Whole call (0)">Fit</button>
</div>
</div>
<canvas id="overview" tabindex="0" role="slider" aria-label="Overview: position of the visible window"></canvas>
<div id="stage">
<canvas id="timeline" tabindex="0" role="application" aria-label="Time line of the call"
 aria-describedby="keys"></canvas>
<div id="tooltip" role="tooltip" hidden></div>
</div>
<main id="below">
<section id="lists" aria-label="Events and frames">
<div role="tablist" aria-label="What is listed">
<button id="tab-events" type="button" role="tab" aria-controls="list" aria-selected="true"></button>
<button id="tab-frames" type="button" role="tab" aria-controls="list" aria-selected="false" tabindex="-1"></button>
</div>
<div id="list" role="listbox" tabindex="0" aria-label="Events"><div class="spacer"><div class="rows"></div></div></div>
</section>
<section id="details" aria-label="Details" tabindex="-1">
<div class="head"><h2 id="details-title">Nothing selected</h2>
<button id="close" type="button" aria-label="Close the details" title="Close (Esc)" hidden>
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8M12 4l-8 8"/></svg></button></div>
<div id="details-body" tabindex="0" role="region" aria-label="What is selected">
<p class="hint">Choose something on the time line or in the list to read it here.</p></div>
</section>
</main>
</div>
<p id="keys" class="unseen">Left and right pan, plus and minus zoom, up and down go from event to event,
Enter reads it, question mark lists all keys.</p>
<p id="status" class="unseen" role="status"></p>
<dialog id="help" aria-labelledby="help-title">
<div class="head"><h2 id="help-title">Keys and signs</h2>
<button id="help-close" type="button" aria-label="Close the help" title="Close (Esc)">
<svg viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8M12 4l-8 8"/></svg></button></div>
<dl class="keys">
<dt><kbd>←</kbd> <kbd>→</kbd></dt><dd>pan; with <kbd>Shift</kbd> by a whole window</dd>
<dt><kbd>+</kbd> <kbd>-</kbd> <kbd>0</kbd></dt><dd>zoom in, zoom out, whole call</dd>
<dt><kbd>Home</kbd> <kbd>End</kbd></dt><dd>begin and end of the call</dd>
<dt><kbd>↑</kbd> <kbd>↓</kbd></dt><dd>previous and next event or frame</dd>
<dt><kbd>Enter</kbd></dt><dd>read what is selected</dd>
<dt><kbd>/</kbd> <kbd>Ctrl</kbd>+<kbd>F</kbd></dt><dd>search; <kbd>Enter</kbd> or <kbd>N</kbd> next, with <kbd>Shift</kbd> previous</dd>
<dt><kbd>Esc</kbd></dt><dd>close the details, end the search</dd>
<dt><kbd>T</kbd></dt><dd>dark or light</dd>
<dt>Wheel, pinch</dt><dd>zoom where the pointer is; with <kbd>Shift</kbd>, or sideways, pan</dd>
<dt>Drag</dt><dd>pan; in the overview, move the window</dd>
</dl>
<dl class="signs">
<dt><i class="sign interruption"></i></dt><dd>interruption: who spoke was cut off</dd>
<dt><i class="sign gap"></i></dt><dd>gap: the line was down, nobody answered, or an answer stalled</dd>
<dt><i class="sign wait"></i></dt><dd>wait for the answer: from the end of the question to its first audio</dd>
<dt><i class="sign verdict"></i></dt><dd>verdict: something went wrong here</dd>
</dl>
<p>Speech of the agent stands where it would be heard: the service sends it faster than it is played.
Frames that hold nothing but audio are one row for each second and direction.</p>
</dialog>`.trim();
