<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Application</name>
    <message>
        <source>This computer</source>
        <translation>Dieser Rechner</translation>
    </message>
</context>
<context>
    <name>Attention</name>
    <message>
        <source>There is no checkpoint yet, so it would start from the beginning.</source>
        <translation>Es gibt noch keinen Checkpoint; der Lauf würde von vorn beginnen.</translation>
    </message>
    <message>
        <source>It is safe at the checkpoint of %1.</source>
        <translation>Er ist sicher beim Checkpoint von %1.</translation>
    </message>
    <message>
        <source>step %1 (%2), update %3</source>
        <translation>Schritt %1 (%2), Update %3</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>Jetzt versuchen</translation>
    </message>
    <message>
        <source>The connection to %1 was lost. Runs go on there; what you see is from before.</source>
        <translation>Die Verbindung zu %1 ging verloren. Die Läufe gehen dort weiter; was Sie sehen, ist der Stand davor.</translation>
    </message>
    <message>
        <source>Resume from the checkpoint</source>
        <translation>Vom Checkpoint fortsetzen</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Show the log</source>
        <translation>Protokoll zeigen</translation>
    </message>
    <message>
        <source>It did not say why.</source>
        <translation>Ein Grund wurde nicht genannt.</translation>
    </message>
    <message>
        <source>The run failed in %1: %2 %3</source>
        <translation>Der Lauf ist in %1 fehlgeschlagen: %2 %3</translation>
    </message>
    <message>
        <source>The run was interrupted in %1: its process ended without a word, as when the computer goes down or memory runs out. %2</source>
        <translation>Der Lauf wurde in %1 unterbrochen: Sein Prozess endete ohne Meldung, wie bei einem Absturz des Rechners oder wenn der Speicher ausgeht. %2</translation>
    </message>
    <message>
        <source>The run paused itself: %1 %2</source>
        <translation>Der Lauf hat selbst pausiert: %1 %2</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Show the files</source>
        <translation>Dateien zeigen</translation>
    </message>
    <message>
        <source>The disk of %1 is nearly full: %2 are free. A run that finds no room for its checkpoint pauses itself. Delete runs or files that are no longer needed.</source>
        <translation>Der Datenträger von %1 ist fast voll: %2 sind frei. Ein Lauf, der für seinen Checkpoint keinen Platz findet, pausiert selbst. Löschen Sie Läufe oder Dateien, die nicht mehr gebraucht werden.</translation>
    </message>
</context>
<context>
    <name>Format</name>
    <message>
        <source>less than 1 s</source>
        <translation>weniger als 1 s</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 min %2 s</translation>
    </message>
    <message>
        <source>%1 min</source>
        <translation>%1 min</translation>
    </message>
    <message>
        <source>%1 h</source>
        <translation>%1 h</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 h %2 min</translation>
    </message>
    <message>
        <source>%1 d</source>
        <translation>%1 d</translation>
    </message>
    <message>
        <source>%1 d %2 h</source>
        <translation>%1 d %2 h</translation>
    </message>
    <message>
        <source>%1 tok/s</source>
        <translation>%1 Tok/s</translation>
    </message>
    <message>
        <source>not a number</source>
        <translation>keine Zahl</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>gerade eben</translation>
    </message>
    <message>
        <source>%1 s ago</source>
        <translation>vor %1 s</translation>
    </message>
    <message>
        <source>%1 min ago</source>
        <translation>vor %1 min</translation>
    </message>
    <message>
        <source>%1 h ago</source>
        <translation>vor %1 h</translation>
    </message>
    <message>
        <source>today %1</source>
        <translation>heute %1</translation>
    </message>
    <message>
        <source>tomorrow %1</source>
        <translation>morgen %1</translation>
    </message>
    <message>
        <source>yesterday %1</source>
        <translation>gestern %1</translation>
    </message>
    <message>
        <source>Align</source>
        <translation>Angleichen</translation>
    </message>
    <message>
        <source>Distill</source>
        <translation>Destillieren</translation>
    </message>
    <message>
        <source>Extend</source>
        <translation>Erweitern</translation>
    </message>
    <message>
        <source>Pretrain</source>
        <translation>Vortraining</translation>
    </message>
</context>
<context>
    <name>RunText</name>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Not started</source>
        <translation>Nicht begonnen</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Failed or stopped</source>
        <translation>Gescheitert, angehalten</translation>
    </message>
    <message>
        <source>not started</source>
        <translation>nicht begonnen</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>pausiert</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>next</source>
        <translation>als Nächster</translation>
    </message>
    <message>
        <source>no. %1</source>
        <translation>Nr. %1</translation>
    </message>
    <message>
        <source>loss %1</source>
        <translation>Verlust %1</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
</context>
<context>
    <name>WindowParts</name>
    <message>
        <source>Monitor</source>
        <translation>Monitor</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Evaluate</source>
        <translation>Bewerten</translation>
    </message>
    <message>
        <source>Try</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
</context>
<context>
    <name>radlads::ui::AnswersModel</name>
    <message>
        <source>The answer stands one word back.</source>
        <translation>Die Antwort steht ein Wort zurück.</translation>
    </message>
    <message>
        <source>The answer stands %1 words back.</source>
        <translation>Die Antwort steht %1 Wörter zurück.</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>right</source>
        <translation>richtig</translation>
    </message>
    <message>
        <source>wrong</source>
        <translation>falsch</translation>
    </message>
    <message>
        <source>Skill</source>
        <translation>Fähigkeit</translation>
    </message>
    <message>
        <source>The story so far ends in</source>
        <translation>Die Geschichte endet bisher mit</translation>
    </message>
    <message>
        <source>Goes on with</source>
        <translation>Geht weiter mit</translation>
    </message>
    <message>
        <source>Student</source>
        <translation>Schüler</translation>
    </message>
    <message>
        <source>Teacher</source>
        <translation>Lehrer</translation>
    </message>
</context>
<context>
    <name>radlads::ui::Chart</name>
    <message>
        <source>No data yet.</source>
        <translation>Noch keine Daten.</translation>
    </message>
    <message>
        <source>%1 file (*.%2)</source>
        <translation>%1-Datei (*.%2)</translation>
    </message>
    <message>
        <source>The file %1 could not be written. Choose another folder or free some space.</source>
        <translation>Die Datei %1 konnte nicht geschrieben werden. Wählen Sie einen anderen Ordner, oder schaffen Sie Platz.</translation>
    </message>
    <message>
        <source>&amp;Copy data in sight</source>
        <translation>Sichtbare Daten &amp;kopieren</translation>
    </message>
    <message>
        <source>Save as C&amp;SV…</source>
        <translation>Als C&amp;SV speichern…</translation>
    </message>
    <message>
        <source>Save the chart&apos;s data</source>
        <translation>Daten des Diagramms speichern</translation>
    </message>
    <message>
        <source>Save as &amp;PNG…</source>
        <translation>Als &amp;PNG speichern…</translation>
    </message>
    <message>
        <source>Save the chart as a picture</source>
        <translation>Diagramm als Bild speichern</translation>
    </message>
    <message>
        <source>Save as P&amp;DF…</source>
        <translation>Als P&amp;DF speichern…</translation>
    </message>
    <message>
        <source>Save the chart as a document</source>
        <translation>Diagramm als Dokument speichern</translation>
    </message>
    <message>
        <source>Logarithmic &amp;x axis</source>
        <translation>Logarithmische &amp;x-Achse</translation>
    </message>
    <message>
        <source>Logarithmic &amp;y axis</source>
        <translation>Logarithmische &amp;y-Achse</translation>
    </message>
    <message>
        <source>Leave &amp;outliers out of sight</source>
        <translation>&amp;Ausreißer nicht zeigen</translation>
    </message>
    <message>
        <source>&amp;Fit everything</source>
        <translation>Alles &amp;einpassen</translation>
    </message>
    <message>
        <source>Fo&amp;llow the newest data</source>
        <translation>Neuesten Daten &amp;folgen</translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>und ein weiterer</numerusform>
            <numerusform>und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>Writing %1</source>
        <translation>%1 wird geschrieben</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>&amp;Abbrechen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ChartText</name>
    <message>
        <source>%1 h</source>
        <translation>%1 h</translation>
    </message>
    <message>
        <source>%1:%2 h</source>
        <translation>%1:%2 h</translation>
    </message>
    <message>
        <source>%1 min</source>
        <translation>%1 min</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1:%2 min</source>
        <translation>%1:%2 min</translation>
    </message>
    <message>
        <source>not a number</source>
        <translation>keine Zahl</translation>
    </message>
    <message>
        <source>%1 µs</source>
        <translation>%1 µs</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>Step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Hours</source>
        <translation>Stunden</translation>
    </message>
</context>
<context>
    <name>radlads::ui::CompareTables</name>
    <message>
        <source>not started</source>
        <translation>nicht begonnen</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>pausiert</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>Recall, of teacher</source>
        <translation>Erinnern, vom Lehrer</translation>
    </message>
    <message>
        <source>Copy, of teacher</source>
        <translation>Abschreiben, vom Lehrer</translation>
    </message>
    <message>
        <source>Counting, of teacher</source>
        <translation>Zählen, vom Lehrer</translation>
    </message>
    <message>
        <source>Arithmetic, of teacher</source>
        <translation>Rechnen, vom Lehrer</translation>
    </message>
    <message>
        <source>%1, of teacher</source>
        <translation>%1, vom Lehrer</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>Perplexität</translation>
    </message>
    <message>
        <source>Same next token</source>
        <translation>Gleiches nächstes Token</translation>
    </message>
    <message>
        <source>Mean KL</source>
        <translation>Mittlere KL</translation>
    </message>
    <message>
        <source>Skills, of teacher</source>
        <translation>Fähigkeiten, vom Lehrer</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation>Validierungsverlust</translation>
    </message>
    <message>
        <source>Best validation</source>
        <translation>Beste Validierung</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Training time</source>
        <translation>Trainingszeit</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Key of the plan</source>
        <translation>Schlüssel des Plans</translation>
    </message>
    <message>
        <source>not there</source>
        <translation>nicht vorhanden</translation>
    </message>
    <message>
        <source>not known yet</source>
        <translation>noch nicht bekannt</translation>
    </message>
</context>
<context>
    <name>radlads::ui::CompareView</name>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>Gradientennorm</translation>
    </message>
    <message>
        <source>Tokens per second</source>
        <translation>Token je Sekunde</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Ex&amp;port</source>
        <translation>Ex&amp;portieren</translation>
    </message>
    <message>
        <source>Results of the compared runs</source>
        <translation>Ergebnisse der verglichenen Läufe</translation>
    </message>
    <message>
        <source>Where the plans differ</source>
        <translation>Worin sich die Pläne unterscheiden</translation>
    </message>
    <message>
        <source>Notes of the compared runs</source>
        <translation>Notizen der verglichenen Läufe</translation>
    </message>
    <message>
        <source>What the curves show</source>
        <translation>Was die Kurven zeigen</translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation>Validierungsverlust</translation>
    </message>
    <message>
        <source>Save &amp;results as CSV…</source>
        <translation>E&amp;rgebnisse als CSV speichern…</translation>
    </message>
    <message>
        <source>Save the results</source>
        <translation>Ergebnisse speichern</translation>
    </message>
    <message>
        <source>CSV file (*.csv)</source>
        <translation>CSV-Datei (*.csv)</translation>
    </message>
    <message>
        <source>The file %1 could not be written. Choose another folder or free some space.</source>
        <translation>Die Datei %1 konnte nicht geschrieben werden. Wählen Sie einen anderen Ordner, oder schaffen Sie Platz.</translation>
    </message>
    <message>
        <source>&amp;Results</source>
        <translation>&amp;Ergebnisse</translation>
    </message>
    <message>
        <source>Plan &amp;differences</source>
        <translation>Unterschie&amp;de der Pläne</translation>
    </message>
    <message>
        <source>&amp;Notes</source>
        <translation>&amp;Notizen</translation>
    </message>
    <message>
        <source>Choose two or more runs in the list on the left, with Ctrl held down, to compare them.</source>
        <translation>Wählen Sie links mit gedrückter Strg-Taste zwei oder mehr Läufe, um sie zu vergleichen.</translation>
    </message>
    <message>
        <source>The evaluations of these runs were made on different texts or from different seeds: small differences between their scores say little.</source>
        <translation>Die Bewertungen dieser Läufe beruhen auf verschiedenen Texten oder Startwerten: Kleine Unterschiede der Werte sagen wenig.</translation>
    </message>
    <message>
        <source>The plans of these runs are the same.</source>
        <translation>Die Pläne dieser Läufe sind gleich.</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Schlagwörter</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Results, differences and notes</source>
        <translation>Ergebnisse, Unterschiede und Notizen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ConversionWizard</name>
    <message>
        <source>New conversion</source>
        <translation>Neue Umwandlung</translation>
    </message>
    <message>
        <source>Steps of the conversion</source>
        <translation>Schritte der Umwandlung</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Undo: %1 (Ctrl+Z)</source>
        <translation>Rückgängig: %1 (Strg+Z)</translation>
    </message>
    <message>
        <source>Start &amp;from</source>
        <translation>&amp;Ausgehen von</translation>
    </message>
    <message>
        <source>Estimate</source>
        <translation>Schätzung</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>Ne&amp;xt</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>&amp;Preset</source>
        <translation>V&amp;orlage</translation>
    </message>
    <message>
        <source>Past &amp;run</source>
        <translation>Früherer &amp;Lauf</translation>
    </message>
    <message>
        <source>Plan &amp;file…</source>
        <translation>Plan&amp;datei…</translation>
    </message>
    <message>
        <source>Asking the engine…</source>
        <translation>Die Engine wird gefragt…</translation>
    </message>
    <message>
        <source>There are no runs yet</source>
        <translation>Es gibt noch keine Läufe</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2</source>
        <translation>%1 kann nicht gelesen werden: %2</translation>
    </message>
    <message>
        <source>Open a plan</source>
        <translation>Plan öffnen</translation>
    </message>
    <message>
        <source>Plans (*.json)</source>
        <translation>Pläne (*.json)</translation>
    </message>
    <message>
        <source>%1  %2
%3</source>
        <translation>%1  %2
%3</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Step %1, %2: %3</source>
        <translation>Schritt %1, %2: %3</translation>
    </message>
    <message>
        <source>Ctrl+%1</source>
        <translation>Strg+%1</translation>
    </message>
    <message>
        <source>Connecting to the engine…</source>
        <translation>Verbinden mit der Engine…</translation>
    </message>
    <message>
        <source>Estimating…</source>
        <translation>Wird geschätzt…</translation>
    </message>
    <message>
        <source> · estimating again…</source>
        <translation> · wird neu geschätzt…</translation>
    </message>
    <message>
        <source>%1 parameters</source>
        <translation>%1 Parameter</translation>
    </message>
    <message>
        <source> · %1 per device of %2</source>
        <translation> · %1 je Gerät von %2</translation>
    </message>
    <message>
        <source> · %1 per device</source>
        <translation> · %1 je Gerät</translation>
    </message>
    <message>
        <source> · %1</source>
        <translation> · %1</translation>
    </message>
    <message>
        <source> · $%1</source>
        <translation> · $%1</translation>
    </message>
    <message>
        <source>Does not fit: %1</source>
        <translation>Passt nicht: %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::CurveControls</name>
    <message>
        <source>Log &amp;x</source>
        <translation>Log &amp;x</translation>
    </message>
    <message>
        <source>Log &amp;y</source>
        <translation>Log &amp;y</translation>
    </message>
    <message>
        <source>Fi&amp;t</source>
        <translation>Ei&amp;npassen</translation>
    </message>
    <message>
        <source>Foll&amp;ow</source>
        <translation>&amp;Folgen</translation>
    </message>
    <message>
        <source>&amp;Across:</source>
        <translation>&amp;Waagerecht:</translation>
    </message>
    <message>
        <source>What the horizontal axis counts</source>
        <translation>Was die waagerechte Achse zählt</translation>
    </message>
    <message>
        <source>Smoothin&amp;g:</source>
        <translation>&amp;Glättung:</translation>
    </message>
    <message>
        <source>Weight of the exponential average</source>
        <translation>Gewicht des exponentiellen Mittels</translation>
    </message>
    <message>
        <source>0 shows the values as they are; 0.999 averages over about a thousand updates.</source>
        <translation>0 zeigt die Werte, wie sie sind; 0,999 mittelt über etwa tausend Updates.</translation>
    </message>
    <message>
        <source>Logarithmic horizontal axis</source>
        <translation>Logarithmische waagerechte Achse</translation>
    </message>
    <message>
        <source>Logarithmic vertical axis of the large chart</source>
        <translation>Logarithmische senkrechte Achse des großen Diagramms</translation>
    </message>
    <message>
        <source>Shows everything (F, or a double click on a chart).</source>
        <translation>Zeigt alles (F, oder Doppelklick auf ein Diagramm).</translation>
    </message>
    <message>
        <source>Keeps the newest updates in sight. Zooming and dragging end it.</source>
        <translation>Hält die neuesten Updates im Bild. Zoomen und Ziehen beenden es.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::DataPage</name>
    <message>
        <source>Data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>Drop texts, jsonl, folders or binidx here, or</source>
        <translation>Ziehen Sie Texte, jsonl, Ordner oder binidx hierher, oder</translation>
    </message>
    <message>
        <source>&amp;Add…</source>
        <translation>&amp;Hinzufügen…</translation>
    </message>
    <message>
        <source>Add a source of data</source>
        <translation>Datenquelle hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Files…</source>
        <translation>&amp;Dateien…</translation>
    </message>
    <message>
        <source>F&amp;older…</source>
        <translation>&amp;Ordner…</translation>
    </message>
    <message>
        <source>Use the &amp;demo&apos;s text</source>
        <translation>&amp;Text der Demo verwenden</translation>
    </message>
    <message>
        <source>The first documents as tokens</source>
        <translation>Die ersten Dokumente als Token</translation>
    </message>
    <message>
        <source>&amp;Held-out windows</source>
        <translation>Zurückgehaltene &amp;Fenster</translation>
    </message>
    <message>
        <source>&amp;Validate every</source>
        <translation>&amp;Validieren alle</translation>
    </message>
    <message>
        <source>updates</source>
        <translation>Updates</translation>
    </message>
    <message>
        <source>O&amp;rder</source>
        <translation>&amp;Reihenfolge</translation>
    </message>
    <message>
        <source>Shuffle</source>
        <translation>Mischen</translation>
    </message>
    <message>
        <source>Magic prime, as released</source>
        <translation>Magische Primzahl, wie veröffentlicht</translation>
    </message>
    <message>
        <source>&amp;End token after each document</source>
        <translation>&amp;Endtoken nach jedem Dokument</translation>
    </message>
    <message>
        <source>add data</source>
        <translation>Daten hinzufügen</translation>
    </message>
    <message>
        <source>Choose a folder of texts</source>
        <translation>Ordner mit Texten wählen</translation>
    </message>
    <message>
        <source>Choose texts</source>
        <translation>Texte wählen</translation>
    </message>
    <message>
        <source>change the shares</source>
        <translation>Anteile ändern</translation>
    </message>
    <message>
        <source>remove a source</source>
        <translation>Quelle entfernen</translation>
    </message>
    <message>
        <source>reading…</source>
        <translation>wird gelesen…</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>about %1 tokens</source>
        <translation>etwa %1 Token</translation>
    </message>
    <message>
        <source>What the student will see</source>
        <translation>Was der Schüler sehen wird</translation>
    </message>
    <message>
        <source>Add a source to see its tokens here</source>
        <translation>Fügen Sie eine Quelle hinzu, um ihre Token hier zu sehen</translation>
    </message>
    <message>
        <source>end of the document</source>
        <translation>Ende des Dokuments</translation>
    </message>
    <message>
        <source> … %1 more</source>
        <translation> … %1 weitere</translation>
    </message>
    <message>
        <source>There is no text in it</source>
        <translation>Es ist kein Text darin</translation>
    </message>
    <message>
        <source>%1 tokens needed.</source>
        <translation>%1 Token benötigt.</translation>
    </message>
    <message>
        <source>%1 tokens available, %2 needed: none is seen twice.</source>
        <translation>%1 Token vorhanden, %2 benötigt: keines wird zweimal gesehen.</translation>
    </message>
    <message>
        <source>%1 tokens available, %2 needed: the most used source is seen %3 times.</source>
        <translation>%1 Token vorhanden, %2 benötigt: die meistgenutzte Quelle wird %3-mal gesehen.</translation>
    </message>
    <message>
        <source>Held out: %1 tokens at most, %2 of the data.</source>
        <translation>Zurückgehalten: höchstens %1 Token, %2 der Daten.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::EngineClient::Private</name>
    <message>
        <source>The connection to %1 was closed.</source>
        <translation>Die Verbindung zu %1 wurde geschlossen.</translation>
    </message>
    <message>
        <source>The engine on %1 speaks protocol %2, this program speaks 1.0; install the same version on both.</source>
        <translation>Die Engine auf %1 spricht das Protokoll %2, dieses Programm 1.0; installieren Sie auf beiden dieselbe Version.</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>The connection to the engine on %1 was lost; trying again.</source>
        <translation>Die Verbindung zur Engine auf %1 ging verloren; es wird erneut versucht.</translation>
    </message>
    <message>
        <source>The engine on %1 does not answer: %2.</source>
        <translation>Die Engine auf %1 antwortet nicht: %2.</translation>
    </message>
    <message>
        <source>No engine runs on %1. Start one with: radlads-engine serve</source>
        <translation>Auf %1 läuft keine Engine. Starten Sie eine mit: radlads-engine serve</translation>
    </message>
    <message>
        <source>The engine on %1 is starting.</source>
        <translation>Die Engine auf %1 startet.</translation>
    </message>
    <message>
        <source>The program radlads-engine was found neither beside this program nor in PATH; install it again.</source>
        <translation>Das Programm radlads-engine wurde weder neben diesem Programm noch in PATH gefunden; installieren Sie es erneut.</translation>
    </message>
    <message>
        <source>%1 could not be started: %2.</source>
        <translation>%1 konnte nicht gestartet werden: %2.</translation>
    </message>
    <message>
        <source>The program ssh could not be started: %1.</source>
        <translation>Das Programm ssh konnte nicht gestartet werden: %1.</translation>
    </message>
    <message>
        <source>The connection to %1 ended: %2</source>
        <translation>Die Verbindung zu %1 endete: %2</translation>
    </message>
    <message>
        <source>The engine on %1 sent a line of more than 1 MiB; connecting again.</source>
        <translation>Die Engine auf %1 hat eine Zeile von mehr als 1 MiB gesendet; die Verbindung wird neu aufgebaut.</translation>
    </message>
    <message>
        <source>The engine on %1 sent something that is not JSON; connecting again.</source>
        <translation>Die Engine auf %1 hat etwas gesendet, das kein JSON ist; die Verbindung wird neu aufgebaut.</translation>
    </message>
    <message>
        <source>Not connected to %1.</source>
        <translation>Nicht mit %1 verbunden.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::EngineDialog</name>
    <message>
        <source>Add an engine</source>
        <translation>Engine hinzufügen</translation>
    </message>
    <message>
        <source>Edit the engine</source>
        <translation>Engine bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Add</source>
        <translation>&amp;Hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>An engine on another computer is reached by ssh, with a key and without a password prompt. radlads-engine has to be installed there.</source>
        <translation>Eine Engine auf einem anderen Rechner wird über ssh erreicht, mit einem Schlüssel und ohne Passwortabfrage. radlads-engine muss dort installiert sein.</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>Rechner</translation>
    </message>
    <message>
        <source>gpu-node or user@gpu-node</source>
        <translation>gpu-node oder nutzer@gpu-node</translation>
    </message>
    <message>
        <source>Name in the list</source>
        <translation>Name in der Liste</translation>
    </message>
    <message>
        <source>as the host</source>
        <translation>wie der Rechner</translation>
    </message>
    <message>
        <source>&amp;Host:</source>
        <translation>&amp;Rechner:</translation>
    </message>
    <message>
        <source>&amp;Name in the list:</source>
        <translation>&amp;Name in der Liste:</translation>
    </message>
</context>
<context>
    <name>radlads::ui::EngineModel</name>
    <message>
        <source>connected</source>
        <translation>verbunden</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>wird verbunden</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>abgelehnt</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>nicht verbunden</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>%1, %2. %3</source>
        <translation>%1, %2. %3</translation>
    </message>
</context>
<context>
    <name>radlads::ui::EvaluateDialog</name>
    <message>
        <source>Run evaluation</source>
        <translation>Bewertung starten</translation>
    </message>
    <message>
        <source>Text to evaluate on</source>
        <translation>Text für die Bewertung</translation>
    </message>
    <message>
        <source>Texts and datasets (*.txt *.md *.jsonl *.gz *.zst *.bin *.idx);;All files (*)</source>
        <translation>Texte und Datensätze (*.txt *.md *.jsonl *.gz *.zst *.bin *.idx);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>&amp;Start evaluation</source>
        <translation>Bewertung &amp;starten</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>&amp;Perplexity and agreement</source>
        <translation>&amp;Perplexität und Übereinstimmung</translation>
    </message>
    <message>
        <source>S&amp;kills of the demo</source>
        <translation>&amp;Fähigkeiten der Demo</translation>
    </message>
    <message>
        <source>On any text: how sure the student is of the next token, and how often it agrees with the teacher.</source>
        <translation>Auf beliebigem Text: wie sicher der Schüler beim nächsten Token ist, und wie oft er mit dem Lehrer übereinstimmt.</translation>
    </message>
    <message>
        <source>Recall, copying, counting and arithmetic in fresh stories, with samples of the answers.</source>
        <translation>Erinnern, Abschreiben, Zählen und Rechnen in neuen Geschichten, mit Beispielen der Antworten.</translation>
    </message>
    <message>
        <source>For models that know the demo&apos;s stories; other models score near the floor.</source>
        <translation>Für Modelle, die die Geschichten der Demo kennen; andere liegen nahe am Boden.</translation>
    </message>
    <message>
        <source>Stages</source>
        <translation>Stufen</translation>
    </message>
    <message>
        <source>The run has no checkpoint yet.</source>
        <translation>Der Lauf hat noch keinen Checkpoint.</translation>
    </message>
    <message>
        <source>This step has not finished yet.</source>
        <translation>Dieser Schritt ist noch nicht fertig.</translation>
    </message>
    <message>
        <source>The teacher is always scored beside the student.</source>
        <translation>Der Lehrer wird immer neben dem Schüler bewertet.</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>&amp;Held out of the run&apos;s training</source>
        <translation>Vom &amp;Training des Laufs zurückgehalten</translation>
    </message>
    <message>
        <source>An&amp;other text</source>
        <translation>&amp;Anderer Text</translation>
    </message>
    <message>
        <source>B&amp;rowse…</source>
        <translation>&amp;Durchsuchen…</translation>
    </message>
    <message>
        <source>Path of the text</source>
        <translation>Pfad des Texts</translation>
    </message>
    <message>
        <source>Windows</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Browse for the text</source>
        <translation>Nach dem Text suchen</translation>
    </message>
    <message>
        <source>Another seed</source>
        <translation>Anderer Startwert</translation>
    </message>
    <message>
        <source>File, folder or dataset</source>
        <translation>Datei, Ordner oder Datensatz</translation>
    </message>
    <message>
        <source>Path on the engine&apos;s computer</source>
        <translation>Pfad auf dem Rechner der Engine</translation>
    </message>
    <message>
        <source>Another seed: other windows, other stories</source>
        <translation>Anderer Startwert: andere Fenster, andere Geschichten</translation>
    </message>
    <message>
        <source>&amp;Windows</source>
        <translation>Fe&amp;nster</translation>
    </message>
    <message>
        <source>Se&amp;ed</source>
        <translation>Start&amp;wert</translation>
    </message>
    <message>
        <source>Scores can be compared where text, windows and seed are the same. More windows: smaller errors, more time.</source>
        <translation>Werte sind vergleichbar, wenn Text, Fenster und Startwert gleich sind. Mehr Fenster: kleinere Fehler, mehr Zeit.</translation>
    </message>
    <message>
        <source>Choose at least one task.</source>
        <translation>Wählen Sie mindestens eine Aufgabe.</translation>
    </message>
    <message>
        <source>Choose at least one stage.</source>
        <translation>Wählen Sie mindestens eine Stufe.</translation>
    </message>
    <message>
        <source>Name the text to evaluate on.</source>
        <translation>Nennen Sie den Text für die Bewertung.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::EvaluatePage</name>
    <message>
        <source>Save the scores</source>
        <translation>Werte speichern</translation>
    </message>
    <message>
        <source>Comma-separated values (*.csv)</source>
        <translation>Kommagetrennte Werte (*.csv)</translation>
    </message>
    <message>
        <source>R&amp;un evaluation…</source>
        <translation>&amp;Bewertung starten…</translation>
    </message>
    <message>
        <source>Save &amp;CSV…</source>
        <translation>&amp;CSV speichern…</translation>
    </message>
    <message>
        <source>Scores or answers</source>
        <translation>Werte oder Antworten</translation>
    </message>
    <message>
        <source>Which evaluation</source>
        <translation>Welche Bewertung</translation>
    </message>
    <message>
        <source>Save the scores as a CSV file</source>
        <translation>Werte als CSV-Datei speichern</translation>
    </message>
    <message>
        <source>&amp;Scores</source>
        <translation>&amp;Werte</translation>
    </message>
    <message>
        <source>&amp;Answers</source>
        <translation>A&amp;ntworten</translation>
    </message>
    <message>
        <source>Scores by task and stage</source>
        <translation>Werte nach Aufgabe und Stufe</translation>
    </message>
    <message>
        <source>Stage of the answers</source>
        <translation>Stufe der Antworten</translation>
    </message>
    <message>
        <source>Right or wrong answers</source>
        <translation>Richtige oder falsche Antworten</translation>
    </message>
    <message>
        <source>Samples of answers</source>
        <translation>Beispiele von Antworten</translation>
    </message>
    <message>
        <source>The story up to the answer</source>
        <translation>Die Geschichte bis zur Antwort</translation>
    </message>
    <message>
        <source>All answers</source>
        <translation>Alle Antworten</translation>
    </message>
    <message>
        <source>Wrong answers</source>
        <translation>Falsche Antworten</translation>
    </message>
    <message>
        <source>Right answers</source>
        <translation>Richtige Antworten</translation>
    </message>
    <message>
        <source>The evaluations of this run could not be read: %1</source>
        <translation>Die Bewertungen dieses Laufs konnten nicht gelesen werden: %1</translation>
    </message>
    <message>
        <source>Best: %1. On average it is %2 % of the way from the floor to the teacher.</source>
        <translation>Beste: %1. Im Mittel %2 % des Wegs vom Boden zum Lehrer.</translation>
    </message>
    <message>
        <source>On average %1 % of the way from the floor to the teacher.</source>
        <translation>Im Mittel %1 % des Wegs vom Boden zum Lehrer.</translation>
    </message>
    <message>
        <source>%1, last on %2. Only evaluations on the same text with the same seed can be compared.</source>
        <translation>%1, zuletzt am %2. Nur Bewertungen auf demselben Text mit demselben Startwert sind vergleichbar.</translation>
    </message>
    <message>
        <source>This evaluation has no samples of answers. The task “Skills of the demo” keeps some.</source>
        <translation>Diese Bewertung hat keine Beispiele von Antworten. Die Aufgabe „Fähigkeiten der Demo“ bewahrt welche auf.</translation>
    </message>
    <message>
        <source>There is no wrong answer among the samples of this stage.</source>
        <translation>Unter den Beispielen dieser Stufe ist keine falsche Antwort.</translation>
    </message>
    <message>
        <source>There is no such answer among the samples of this stage.</source>
        <translation>Unter den Beispielen dieser Stufe ist keine solche Antwort.</translation>
    </message>
    <message>
        <source>No run is shown</source>
        <translation>Kein Lauf gezeigt</translation>
    </message>
    <message>
        <source>Choose a run on the left to see how its student compares with the teacher.</source>
        <translation>Wählen Sie links einen Lauf, um zu sehen, wie sein Schüler neben dem Lehrer abschneidet.</translation>
    </message>
    <message>
        <source>Reading the evaluations…</source>
        <translation>Bewertungen werden gelesen…</translation>
    </message>
    <message>
        <source>Not connected</source>
        <translation>Nicht verbunden</translation>
    </message>
    <message>
        <source>The evaluations are shown when the engine answers again.</source>
        <translation>Die Bewertungen werden gezeigt, sobald die Engine wieder antwortet.</translation>
    </message>
    <message>
        <source>Not evaluated yet</source>
        <translation>Noch nicht bewertet</translation>
    </message>
    <message>
        <source>An evaluation scores the teacher and the student on the same text: after each step, and as it is now. It takes seconds for the demo and minutes for larger models, and disturbs no run.</source>
        <translation>Eine Bewertung prüft Lehrer und Schüler auf demselben Text: nach jedem Schritt und im jetzigen Stand. Sie dauert bei der Demo Sekunden, bei größeren Modellen Minuten, und stört keinen Lauf.</translation>
    </message>
    <message>
        <source>Evaluating: %1</source>
        <translation>Bewertung: %1</translation>
    </message>
    <message>
        <source>Evaluating: %1 (%2 of %3)</source>
        <translation>Bewertung: %1 (%2 von %3)</translation>
    </message>
    <message>
        <source>The evaluation was cancelled; the stages that were scored before are kept.</source>
        <translation>Die Bewertung wurde abgebrochen; die schon bewerteten Stufen bleiben.</translation>
    </message>
    <message>
        <source>The connection to the engine was lost. The evaluation of this stage goes on there and is shown when it has ended; stages after it must be started again.</source>
        <translation>Die Verbindung zur Engine ging verloren. Die Bewertung dieser Stufe geht dort weiter und wird gezeigt, wenn sie fertig ist; spätere Stufen müssen neu gestartet werden.</translation>
    </message>
    <message>
        <source>%1 could not be evaluated: %2</source>
        <translation>%1 konnte nicht bewertet werden: %2</translation>
    </message>
    <message>
        <source>The scores could not be saved as %1: %2. Choose another folder.</source>
        <translation>Die Werte konnten nicht als %1 gespeichert werden: %2. Wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>The scores are in %1.</source>
        <translation>Die Werte sind in %1.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::EvaluationModel</name>
    <message>
        <source>%1, %2: not measured</source>
        <translation>%1, %2: nicht gemessen</translation>
    </message>
    <message>
        <source>%1, %2: %3</source>
        <translation>%1, %2: %3</translation>
    </message>
    <message>
        <source>; %1 of the way from the floor to the teacher</source>
        <translation>; %1 des Wegs vom Boden zum Lehrer</translation>
    </message>
    <message>
        <source>; the best stage of this task</source>
        <translation>; die beste Stufe dieser Aufgabe</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <source>Floor</source>
        <translation>Boden</translation>
    </message>
    <message>
        <source>Teacher</source>
        <translation>Lehrer</translation>
    </message>
    <message>
        <source>%1 · best</source>
        <translation>%1 · beste</translation>
    </message>
    <message>
        <source>%1
best</source>
        <translation>%1
beste</translation>
    </message>
    <message>
        <source>%1 (best)</source>
        <translation>%1 (beste)</translation>
    </message>
    <message>
        <source>What a model scores that knows nothing of the text before a word: 0 % of the bar.</source>
        <translation>Was ein Modell erreicht, das vom Text vor einem Wort nichts weiß: 0 % des Balkens.</translation>
    </message>
    <message>
        <source>The teacher&apos;s score: 100 % of the bar.</source>
        <translation>Der Wert des Lehrers: 100 % des Balkens.</translation>
    </message>
    <message>
        <source>The stage with the best mean relative score.</source>
        <translation>Die Stufe mit dem besten mittleren relativen Wert.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::Evaluations</name>
    <message>
        <source>Perplexity</source>
        <translation>Perplexität</translation>
    </message>
    <message>
        <source>How uncertain the model is about the next token of a text; lower is better. The floor is that of a model for which every token is as likely.</source>
        <translation>Wie unsicher das Modell beim nächsten Token eines Texts ist; weniger ist besser. Der Boden ist ein Modell, für das jedes Token gleich wahrscheinlich ist.</translation>
    </message>
    <message>
        <source>Same next token</source>
        <translation>Gleiches nächstes Token</translation>
    </message>
    <message>
        <source>How often student and teacher find the same next token the likeliest.</source>
        <translation>Wie oft Schüler und Lehrer dasselbe nächste Token für das wahrscheinlichste halten.</translation>
    </message>
    <message>
        <source>The floor is the teacher without its mixers, which sees one token at a time.</source>
        <translation>Der Boden ist der Lehrer ohne seine Mixer, der jeweils nur ein Token sieht.</translation>
    </message>
    <message>
        <source>Words that can only be known from earlier in the story: who had what, and where.</source>
        <translation>Wörter, die nur aus dem früheren Teil der Geschichte bekannt sein können: wer was hatte, und wo.</translation>
    </message>
    <message>
        <source>%1–%2 words back</source>
        <translation>%1–%2 Wörter zurück</translation>
    </message>
    <message>
        <source>Recall, by how far back the answer stands.</source>
        <translation>Erinnern, danach, wie weit die Antwort zurückliegt.</translation>
    </message>
    <message>
        <source>A list of words, said a second time.</source>
        <translation>Eine Liste von Wörtern, ein zweites Mal gesagt.</translation>
    </message>
    <message>
        <source>The next number, and how many things there were.</source>
        <translation>Die nächste Zahl, und wie viele Dinge es waren.</translation>
    </message>
    <message>
        <source>Sums and differences of small numbers.</source>
        <translation>Summen und Differenzen kleiner Zahlen.</translation>
    </message>
    <message>
        <source>Before step 1</source>
        <translation>Vor Schritt 1</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>After step %1</source>
        <translation>Nach Schritt %1</translation>
    </message>
    <message>
        <source>After step %1, %2</source>
        <translation>Nach Schritt %1, %2</translation>
    </message>
    <message>
        <source>%1 ± %2</source>
        <translation>%1 ± %2</translation>
    </message>
    <message>
        <source>%1 % ± %2</source>
        <translation>%1 % ± %2</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Recall</source>
        <translation>Erinnern</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Abschreiben</translation>
    </message>
    <message>
        <source>Counting</source>
        <translation>Zählen</translation>
    </message>
    <message>
        <source>Arithmetic</source>
        <translation>Rechnen</translation>
    </message>
    <message>
        <source>held-out text</source>
        <translation>zurückgehaltener Text</translation>
    </message>
    <message>
        <source>skills</source>
        <translation>Fähigkeiten</translation>
    </message>
    <message>
        <source>seed %1</source>
        <translation>Startwert %1</translation>
    </message>
    <message>
        <source>%1 × %2 tokens</source>
        <translation>%1 × %2 Token</translation>
    </message>
    <message>
        <source>%1 windows</source>
        <translation>%1 Fenster</translation>
    </message>
</context>
<context>
    <name>radlads::ui::Explanation</name>
    <message>
        <source>The teacher</source>
        <translation>Der Lehrer</translation>
    </message>
    <message>
        <source>A teacher is the softmax-attention model that is converted: a Hugging Face folder or a GGUF file of the Qwen2, Qwen3, Llama or Mistral family. The paper converted Qwen2.5 models of 7, 32 and 72 billion parameters. Start with a small one: the same steps apply to every size.</source>
        <translation>Ein Lehrer ist das Modell mit Softmax-Attention, das umgewandelt wird: ein Hugging-Face-Ordner oder eine GGUF-Datei der Familien Qwen2, Qwen3, Llama oder Mistral. Das Paper hat Qwen2.5-Modelle mit 7, 32 und 72 Milliarden Parametern umgewandelt. Beginnen Sie mit einem kleinen: Die Schritte sind für jede Größe dieselben.</translation>
    </message>
    <message>
        <source>The model to convert</source>
        <translation>Das umzuwandelnde Modell</translation>
    </message>
    <message>
        <source>The folder with config.json, tokenizer.json and the safetensors files. The paper&apos;s teachers were the Qwen2.5 instruct models; a larger teacher with the same vocabulary can be better, as 72B was for the 7B student. GGUF files are converted to such a folder first.</source>
        <translation>Der Ordner mit config.json, tokenizer.json und den safetensors-Dateien. Die Lehrer des Papers waren die Instruct-Modelle von Qwen2.5; ein größerer Lehrer mit demselben Vokabular kann besser sein, wie 72B für den 7B-Schüler. GGUF-Dateien werden zuerst in einen solchen Ordner umgewandelt.</translation>
    </message>
    <message>
        <source>Drop a model</source>
        <translation>Modell ablegen</translation>
    </message>
    <message>
        <source>Drop a folder or a GGUF file here, or press the button to choose one. Nothing is copied: the plan keeps the path.</source>
        <translation>Legen Sie hier einen Ordner oder eine GGUF-Datei ab, oder wählen Sie mit der Schaltfläche. Nichts wird kopiert: Der Plan merkt sich den Pfad.</translation>
    </message>
    <message>
        <source>Models on this computer</source>
        <translation>Modelle auf diesem Rechner</translation>
    </message>
    <message>
        <source>The demo&apos;s teacher, the Hugging Face cache, what was downloaded here, and models that finished runs have made. The demo converts in a few minutes without a GPU and is the quickest way to see the whole protocol.</source>
        <translation>Der Lehrer der Demo, der Hugging-Face-Cache, hier Heruntergeladenes und Modelle aus fertigen Läufen. Die Demo wird ohne GPU in wenigen Minuten umgewandelt und zeigt am schnellsten das ganze Verfahren.</translation>
    </message>
    <message>
        <source>Download by name</source>
        <translation>Mit Namen herunterladen</translation>
    </message>
    <message>
        <source>The name as on huggingface.co, for example Qwen/Qwen2.5-0.5B. The download goes on when the window closes, resumes after a broken connection and is checked when it ends.</source>
        <translation>Der Name wie auf huggingface.co, zum Beispiel Qwen/Qwen2.5-0.5B. Das Herunterladen geht weiter, wenn das Fenster geschlossen wird, setzt nach einer unterbrochenen Verbindung fort und wird am Ende geprüft.</translation>
    </message>
    <message>
        <source>Type of the teacher&apos;s weights</source>
        <translation>Typ der Gewichte des Lehrers</translation>
    </message>
    <message>
        <source>What the teacher is held in while it runs. The paper kept the teacher in the student&apos;s type, bfloat16, on GPUs. bfloat16 halves its memory, float32 is exact; any stored type is read.</source>
        <translation>Worin der Lehrer gehalten wird, während er läuft. Das Paper hielt ihn auf GPUs im Typ des Schülers, bfloat16. bfloat16 halbiert seinen Speicher, float32 ist exakt; gelesen wird jeder gespeicherte Typ.</translation>
    </message>
    <message>
        <source>The student</source>
        <translation>Der Schüler</translation>
    </message>
    <message>
        <source>The linear-attention layer that replaces softmax attention. Its memory stays the same however long the text grows. Embeddings, feed-forward layers and norms are taken over from the teacher.</source>
        <translation>Die Schicht mit linearer Attention, die Softmax-Attention ersetzt. Ihr Speicher bleibt gleich groß, wie lang der Text auch wird. Einbettungen, Feed-Forward-Schichten und Normen werden vom Lehrer übernommen.</translation>
    </message>
    <message>
        <source>Which student</source>
        <translation>Welcher Schüler</translation>
    </message>
    <message>
        <source>RAD-RWKV7 scored best in the paper at 7B: 92.4 % of the teacher&apos;s MMLU against 87.1 % for RAD-RWKV6. RAD-RWKV6 stayed stable up to 72B and runs in llama.cpp as it is.</source>
        <translation>RAD-RWKV7 schnitt im Paper bei 7B am besten ab: 92,4 % der MMLU des Lehrers gegen 87,1 % bei RAD-RWKV6. RAD-RWKV6 blieb bis 72B stabil und läuft unverändert in llama.cpp.</translation>
    </message>
    <message>
        <source>State or group norm</source>
        <translation>Zustand oder Gruppennorm</translation>
    </message>
    <message>
        <source>Balanced keeps the state bounded by weighting what is written and needs no norm. Group norm after the mixer is what the released 7B configuration of RAD-RWKV7 used, but the paper saw severe instability with it at 14B and above. In RAD-RWKV6 group norm cost 2.3 points of MMLU.</source>
        <translation>„Balanciert“ hält den Zustand beschränkt, indem es gewichtet, was geschrieben wird, und braucht keine Norm. Gruppennorm nach dem Mixer nutzte die veröffentlichte 7B-Konfiguration von RAD-RWKV7, aber das Paper sah damit ab 14B starke Instabilität. Bei RAD-RWKV6 kostete Gruppennorm 2,3 Punkte MMLU.</translation>
    </message>
    <message>
        <source>Rotary positions</source>
        <translation>Rotationspositionen</translation>
    </message>
    <message>
        <source>Whether the teacher&apos;s rotary position embedding is kept in the mixer. RAD-RWKV7 was trained with it. For RAD-RWKV6 it changed little in the paper (MMLU 66.1 with, 65.7 without) and keeps llama.cpp from reading the model.</source>
        <translation>Ob die rotierende Positionseinbettung des Lehrers im Mixer bleibt. RAD-RWKV7 wurde mit ihr trainiert. Bei RAD-RWKV6 änderte sie im Paper wenig (MMLU 66,1 mit, 65,7 ohne) und hindert llama.cpp daran, das Modell zu lesen.</translation>
    </message>
    <message>
        <source>Output gate</source>
        <translation>Ausgangsgate</translation>
    </message>
    <message>
        <source>A learnt gate on the mixer&apos;s output. The paper found that RAD-RWKV6 needs the full-rank gate (without it MMLU fell from 65.7 to 64.2), while low rank is enough for RAD-RWKV7.</source>
        <translation>Ein gelerntes Gate am Ausgang des Mixers. Nach dem Paper braucht RAD-RWKV6 das Gate mit vollem Rang (ohne fiel MMLU von 65,7 auf 64,2), während für RAD-RWKV7 ein niedriger Rang genügt.</translation>
    </message>
    <message>
        <source>Token shift</source>
        <translation>Token-Verschiebung</translation>
    </message>
    <message>
        <source>Mixes each token with the one before it. It starts as an identity. Without it RAD-RWKV6 lost 2.4 points of WinoGrande in the paper; RAD-RWKV7 has none because it did not help.</source>
        <translation>Mischt jedes Token mit dem davor. Sie beginnt als Identität. Ohne sie verlor RAD-RWKV6 im Paper 2,4 Punkte WinoGrande; RAD-RWKV7 hat keine, weil sie nicht half.</translation>
    </message>
    <message>
        <source>Low-rank sizes</source>
        <translation>Größen der Low-Rank-Matrizen</translation>
    </message>
    <message>
        <source>The inner sizes of the small matrices that steer the state. 0 uses the paper&apos;s formula, which grows with the hidden size (at 7B: 96 for decay, 64 for value, 416 for the gate). Larger ranks add parameters; the paper gives no sign that they help.</source>
        <translation>Die inneren Größen der kleinen Matrizen, die den Zustand steuern. 0 nimmt die Formel des Papers, die mit der verborgenen Größe wächst (bei 7B: 96 für den Zerfall, 64 für den Wert, 416 für das Gate). Größere Ränge kosten Parameter; im Paper deutet nichts darauf hin, dass sie helfen.</translation>
    </message>
    <message>
        <source>Layers that keep softmax attention</source>
        <translation>Schichten, die Softmax-Attention behalten</translation>
    </message>
    <message>
        <source>A hybrid keeps some of the teacher&apos;s attention layers unchanged. They keep exact recall and also the cache that grows with the text. The paper&apos;s results are for none; its later code keeps a few of the last layers. Click a box, or use the arrow keys and the space bar.</source>
        <translation>Ein Hybrid lässt einige Attention-Schichten des Lehrers unverändert. Sie behalten genaues Erinnern und auch den Cache, der mit dem Text wächst. Die Ergebnisse des Papers gelten ohne; sein späterer Code behält einige der letzten Schichten. Klicken Sie auf ein Kästchen, oder nutzen Sie Pfeiltasten und Leertaste.</translation>
    </message>
    <message>
        <source>The data</source>
        <translation>Die Daten</translation>
    </message>
    <message>
        <source>Texts that the student learns from. The paper used DCLM, and found other web texts and its own custom sets worse; it needs only 350 to 700 million tokens. Choose texts like those that the teacher was trained on.</source>
        <translation>Texte, aus denen der Schüler lernt. Das Paper nutzte DCLM und fand andere Webtexte und eigene Sammlungen schlechter; es braucht nur 350 bis 700 Millionen Token. Wählen Sie Texte wie die, mit denen der Lehrer trainiert wurde.</translation>
    </message>
    <message>
        <source>Sources</source>
        <translation>Quellen</translation>
    </message>
    <message>
        <source>Files or folders of text, jsonl (also .gz and .zst), or binidx. Each gets a share of the training samples; the shares add up to 100 %. The paper mixed 10 % of reasoning traces into DCLM for reasoning teachers, which stopped them from looping.</source>
        <translation>Dateien oder Ordner mit Text, jsonl (auch .gz und .zst) oder binidx. Jede erhält einen Anteil der Trainingsbeispiele; zusammen ergeben sie 100 %. Das Paper mischte für schlussfolgernde Lehrer 10 % Gedankengänge in DCLM; das verhinderte Endlosschleifen.</translation>
    </message>
    <message>
        <source>Share of the samples</source>
        <translation>Anteil der Beispiele</translation>
    </message>
    <message>
        <source>How much of the training comes from this source. Changing one share takes from the others in proportion. A small source with a large share is repeated: watch the line of tokens needed.</source>
        <translation>Wie viel des Trainings aus dieser Quelle kommt. Ändert man einen Anteil, geben die anderen im Verhältnis ab. Eine kleine Quelle mit großem Anteil wird wiederholt: Beachten Sie die Zeile mit den benötigten Token.</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>How the file is read. Automatic decides by its name and first bytes; choose one when a file is misnamed.</source>
        <translation>Wie die Datei gelesen wird. „Automatisch“ entscheidet nach Namen und ersten Bytes; wählen Sie selbst, wenn eine Datei falsch benannt ist.</translation>
    </message>
    <message>
        <source>Key of the text</source>
        <translation>Schlüssel des Texts</translation>
    </message>
    <message>
        <source>The key under which each jsonl object holds its text. Most sets use &quot;text&quot;; some use &quot;content&quot; or &quot;body&quot;.</source>
        <translation>Der Schlüssel, unter dem jedes jsonl-Objekt seinen Text hält. Die meisten Sammlungen nutzen „text“, einige „content“ oder „body“.</translation>
    </message>
    <message>
        <source>What the student will see</source>
        <translation>Was der Schüler sehen wird</translation>
    </message>
    <message>
        <source>The first documents as tokens of the teacher&apos;s tokenizer, each coloured piece one token. A border marks where a document ends; the paper packs documents one after the other without masking. Look for markup or broken characters here.</source>
        <translation>Die ersten Dokumente als Token des Tokenizers des Lehrers; jedes farbige Stück ist ein Token. Ein Rand zeigt, wo ein Dokument endet; das Paper reiht Dokumente ohne Maskierung aneinander. Achten Sie hier auf Auszeichnungen und kaputte Zeichen.</translation>
    </message>
    <message>
        <source>End token after each document</source>
        <translation>Endtoken nach jedem Dokument</translation>
    </message>
    <message>
        <source>Marks where a document ends. The paper appends it to every document and nothing at the start.</source>
        <translation>Zeigt, wo ein Dokument endet. Das Paper hängt es an jedes Dokument an und stellt nichts voran.</translation>
    </message>
    <message>
        <source>Order of the windows</source>
        <translation>Reihenfolge der Fenster</translation>
    </message>
    <message>
        <source>Shuffle draws windows in a random order without repeating one before all were seen. The magic prime is the order of the released code, for exact reproduction; it needs one binidx.</source>
        <translation>„Mischen“ zieht Fenster in zufälliger Reihenfolge und wiederholt keines, bevor alle gesehen sind. Die magische Primzahl ist die Reihenfolge des veröffentlichten Codes, für genaue Wiederholung; sie braucht ein binidx.</translation>
    </message>
    <message>
        <source>Windows held out</source>
        <translation>Zurückgehaltene Fenster</translation>
    </message>
    <message>
        <source>How many windows are kept away from training to measure the validation loss. 16 to 64 give a steady curve; 0 switches it off. They are taken from the end of the sources.</source>
        <translation>Wie viele Fenster vom Training zurückgehalten werden, um den Validierungsverlust zu messen. 16 bis 64 ergeben eine ruhige Kurve; 0 schaltet ab. Sie stammen vom Ende der Quellen.</translation>
    </message>
    <message>
        <source>Validate every</source>
        <translation>Validieren alle</translation>
    </message>
    <message>
        <source>Optimizer updates between two measurements of the validation loss. Each costs about as much time as its windows take forward.</source>
        <translation>Updates des Optimierers zwischen zwei Messungen des Validierungsverlusts. Jede kostet etwa so viel Zeit wie ein Vorwärtsgang ihrer Fenster.</translation>
    </message>
    <message>
        <source>The schedule</source>
        <translation>Der Ablauf</translation>
    </message>
    <message>
        <source>Step 1 aligns each layer&apos;s output with the teacher&apos;s, step 2 distils the teacher&apos;s predictions, step 3 extends the context. The paper spends 100 M, 500 M and 100 M tokens. Skipping step 1 gave a much worse model that stopped improving.</source>
        <translation>Schritt 1 gleicht die Ausgabe jeder Schicht an die des Lehrers an, Schritt 2 destilliert die Vorhersagen des Lehrers, Schritt 3 erweitert den Kontext. Das Paper verwendet 100 M, 500 M und 100 M Token. Ohne Schritt 1 wurde das Modell viel schlechter und hörte auf, besser zu werden.</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>A complete recipe: the student and its steps. The paper used the same rates and token counts for every model size. Start from the nearest one and change what you need; changed values are marked and can be put back.</source>
        <translation>Ein vollständiges Rezept: der Schüler und seine Schritte. Das Paper nutzte für jede Modellgröße dieselben Raten und Tokenzahlen. Beginnen Sie mit dem nächstliegenden und ändern Sie, was nötig ist; geänderte Werte sind markiert und lassen sich zurücksetzen.</translation>
    </message>
    <message>
        <source>Steps over time</source>
        <translation>Schritte über der Zeit</translation>
    </message>
    <message>
        <source>Each block is a step and its width the time that it is estimated to take. Drag a block&apos;s right edge, or press the left and right arrow keys, to change its tokens; the up and down keys choose another step.</source>
        <translation>Jeder Block ist ein Schritt, seine Breite die geschätzte Zeit. Ziehen Sie den rechten Rand eines Blocks, oder drücken Sie die Pfeiltasten links und rechts, um seine Token zu ändern; auf und ab wählen einen anderen Schritt.</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>The rate over the whole conversion: solid for the mixer, dashed for the other parameters where they differ. The cosine is a quarter wave, as in the released code, so that it ends steeply.</source>
        <translation>Die Rate über die ganze Umwandlung: durchgezogen für die Mixer, gestrichelt für die übrigen Parameter, wo sie abweichen. Der Kosinus ist eine Viertelwelle wie im veröffentlichten Code und endet daher steil.</translation>
    </message>
    <message>
        <source>Kind of step</source>
        <translation>Art des Schritts</translation>
    </message>
    <message>
        <source>Align trains the mixers alone to give what the teacher&apos;s attention gives. Distill trains everything on the teacher&apos;s predictions. Extend trains on the next token with long windows and without the teacher.</source>
        <translation>„Angleichen“ trainiert nur die Mixer darauf, zu liefern, was die Attention des Lehrers liefert. „Destillieren“ trainiert alles auf die Vorhersagen des Lehrers. „Erweitern“ trainiert auf das nächste Token, mit langen Fenstern und ohne den Lehrer.</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>How much the step trains on; write 100M or 1.5e8. The paper: 100 M to align, 250 to 700 M to distil, 100 M to extend. More than 500 M in step 2 did not help on English benchmarks.</source>
        <translation>Wie viel der Schritt trainiert; schreiben Sie 100M oder 1.5e8. Das Paper: 100 M zum Angleichen, 250 bis 700 M zum Destillieren, 100 M zum Erweitern. Mehr als 500 M in Schritt 2 halfen bei englischen Benchmarks nicht.</translation>
    </message>
    <message>
        <source>Length of a window</source>
        <translation>Länge eines Fensters</translation>
    </message>
    <message>
        <source>Tokens that the student sees at a time. The paper uses 512 in steps 1 and 2, and 16,384 in step 3. Longer windows need more memory in proportion.</source>
        <translation>Token, die der Schüler auf einmal sieht. Das Paper nutzt 512 in den Schritten 1 und 2 und 16.384 in Schritt 3. Längere Fenster brauchen entsprechend mehr Speicher.</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>Batch</translation>
    </message>
    <message>
        <source>Windows for each update. The paper: 32 to align, 96 to distil and extend. Larger batches did not help, because the number of updates matters.</source>
        <translation>Fenster je Update. Das Paper: 32 zum Angleichen, 96 zum Destillieren und Erweitern. Größere Batches halfen nicht, weil es auf die Zahl der Updates ankommt.</translation>
    </message>
    <message>
        <source>Micro-batch</source>
        <translation>Mikro-Batch</translation>
    </message>
    <message>
        <source>Windows that are computed at a time. It changes memory and speed, never the result. 0 lets the engine choose; 1 needs least memory.</source>
        <translation>Fenster, die gleichzeitig berechnet werden. Das ändert Speicher und Tempo, nie das Ergebnis. 0 überlässt die Wahl der Engine; 1 braucht am wenigsten Speicher.</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>What the step minimises. Align: the L2 distance of each layer&apos;s output, or its square. Distill: the divergence from the teacher&apos;s predictions. Extend: the next token.</source>
        <translation>Was der Schritt minimiert. Angleichen: den L2-Abstand der Ausgabe jeder Schicht oder sein Quadrat. Destillieren: die Abweichung von den Vorhersagen des Lehrers. Erweitern: das nächste Token.</translation>
    </message>
    <message>
        <source>What is trained</source>
        <translation>Was trainiert wird</translation>
    </message>
    <message>
        <source>All parameters, or the mixers alone. Freezing the rest in step 2 hurt in the paper. Decay only is the low-memory form of step 3.</source>
        <translation>Alle Parameter oder nur die Mixer. Den Rest in Schritt 2 einzufrieren, schadete im Paper. „Nur der Zerfall“ ist die speichersparende Form von Schritt 3.</translation>
    </message>
    <message>
        <source>The rate after the warm-up. The paper: 0.001 to align, 0.00001 to distil and extend, for every model size.</source>
        <translation>Die Rate nach dem Anlauf. Das Paper: 0,001 zum Angleichen, 0,00001 zum Destillieren und Erweitern, für jede Modellgröße.</translation>
    </message>
    <message>
        <source>Final learning rate</source>
        <translation>Letzte Lernrate</translation>
    </message>
    <message>
        <source>Where the rate ends. The paper ends step 1 at 0.00001, near the rate at which the teacher&apos;s own training ended.</source>
        <translation>Wo die Rate endet. Im Paper endet Schritt 1 bei 0,00001, nahe der Rate, bei der das Training des Lehrers endete.</translation>
    </message>
    <message>
        <source>Learning rate of the mixers</source>
        <translation>Lernrate der Mixer</translation>
    </message>
    <message>
        <source>A rate of its own for the new mixers; empty means the same as for all. Only step 2a of the paper differs: 0.0001 for the mixers, 0.00001 for the rest.</source>
        <translation>Eine eigene Rate für die neuen Mixer; leer heißt: dieselbe wie für alles. Nur Schritt 2a des Papers weicht ab: 0,0001 für die Mixer, 0,00001 für den Rest.</translation>
    </message>
    <message>
        <source>Final rate of the mixers</source>
        <translation>Letzte Rate der Mixer</translation>
    </message>
    <message>
        <source>Where the mixers&apos; rate ends; empty means the same as for all.</source>
        <translation>Wo die Rate der Mixer endet; leer heißt: dieselbe wie für alles.</translation>
    </message>
    <message>
        <source>Shape of the curve</source>
        <translation>Form der Kurve</translation>
    </message>
    <message>
        <source>How the rate falls. The paper uses the cosine to align and a constant rate afterwards.</source>
        <translation>Wie die Rate fällt. Das Paper nutzt zum Angleichen den Kosinus und danach eine konstante Rate.</translation>
    </message>
    <message>
        <source>Start of the fall</source>
        <translation>Beginn des Abfalls</translation>
    </message>
    <message>
        <source>The share of the step&apos;s tokens at the full rate. 0 falls from the start; step 2a of the paper waits for 0.833.</source>
        <translation>Der Anteil der Token des Schritts mit voller Rate. 0 fällt von Anfang an; Schritt 2a des Papers wartet bis 0,833.</translation>
    </message>
    <message>
        <source>End of the fall</source>
        <translation>Ende des Abfalls</translation>
    </message>
    <message>
        <source>The share of the step&apos;s tokens at which the final rate is reached. Step 2a of the paper: 0.875.</source>
        <translation>Der Anteil der Token des Schritts, bei dem die letzte Rate erreicht ist. Schritt 2a des Papers: 0,875.</translation>
    </message>
    <message>
        <source>Warm-up</source>
        <translation>Anlauf</translation>
    </message>
    <message>
        <source>Updates over which the rate rises from 1 % to its full value. The released configurations use 50.</source>
        <translation>Updates, in denen die Rate von 1 % auf den vollen Wert steigt. Die veröffentlichten Konfigurationen nutzen 50.</translation>
    </message>
    <message>
        <source>Adam beta 1</source>
        <translation>Adam-Beta 1</translation>
    </message>
    <message>
        <source>How long the mean of the gradients remembers. 0.9 throughout in the paper.</source>
        <translation>Wie lange das Mittel der Gradienten zurückreicht. Im Paper durchweg 0,9.</translation>
    </message>
    <message>
        <source>Adam beta 2</source>
        <translation>Adam-Beta 2</translation>
    </message>
    <message>
        <source>How long the mean of the squared gradients remembers. 0.95 throughout in the paper.</source>
        <translation>Wie lange das Mittel der quadrierten Gradienten zurückreicht. Im Paper durchweg 0,95.</translation>
    </message>
    <message>
        <source>Adam epsilon</source>
        <translation>Adam-Epsilon</translation>
    </message>
    <message>
        <source>Keeps the division sound where gradients are tiny. 1e-8 throughout in the paper.</source>
        <translation>Hält die Division bei winzigen Gradienten gesund. Im Paper durchweg 1e-8.</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>Gewichtsabnahme</translation>
    </message>
    <message>
        <source>Pulls matrices towards zero. The paper uses none: the student should stay near the teacher.</source>
        <translation>Zieht Matrizen gegen null. Das Paper nutzt das nicht: Der Schüler soll nahe am Lehrer bleiben.</translation>
    </message>
    <message>
        <source>Gradient clip</source>
        <translation>Gradientengrenze</translation>
    </message>
    <message>
        <source>Gradients longer than this are shortened to it. 1 in the released configurations; 0 switches it off.</source>
        <translation>Längere Gradienten werden hierauf gekürzt. 1 in den veröffentlichten Konfigurationen; 0 schaltet ab.</translation>
    </message>
    <message>
        <source>The hardware</source>
        <translation>Die Hardware</translation>
    </message>
    <message>
        <source>Where the conversion runs and what it needs. The paper converted 7B in 7 hours and 72B in 68 hours on eight MI300X. The bar shows the largest step against what this computer has.</source>
        <translation>Wo die Umwandlung läuft und was sie braucht. Das Paper hat 7B in 7 Stunden und 72B in 68 Stunden auf acht MI300X umgewandelt. Der Balken stellt den größten Schritt dem gegenüber, was dieser Rechner hat.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Automatic takes the best device that this engine can use. The list shows what was found and how much memory is free.</source>
        <translation>„Automatisch“ nimmt das beste Gerät, das diese Engine nutzen kann. Die Liste zeigt, was gefunden wurde und wie viel Speicher frei ist.</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>What large matrix products are computed in. The paper computes in bf16 with fp32 master weights on GPUs. On a CPU bf16 needs AVX-512 BF16 or AMX and is not always faster; fp16 needs AVX-512 FP16 and is. Weights stay in fp32 either way: `radlads-engine bench` compares.</source>
        <translation>Worin große Matrixprodukte berechnet werden. Das Paper rechnet auf GPUs in bf16 mit Originalgewichten in fp32. Auf einer CPU braucht bf16 AVX-512 BF16 oder AMX und ist nicht immer schneller; fp16 braucht AVX-512 FP16 und ist es. Die Gewichte bleiben stets in fp32: `radlads-engine bench` vergleicht.</translation>
    </message>
    <message>
        <source>Activation checkpointing</source>
        <translation>Aktivierungen neu berechnen</translation>
    </message>
    <message>
        <source>Recomputes activations in the backward pass to save memory, for about a third more time. The released code does it in step 2.</source>
        <translation>Berechnet Aktivierungen im Rückwärtsgang neu, um Speicher zu sparen; das kostet etwa ein Drittel mehr Zeit. Der veröffentlichte Code tut es in Schritt 2.</translation>
    </message>
    <message>
        <source>Sharding</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>Splits the optimizer, or everything, over several devices. The paper shards the optimizer at 7B, and everything in the long steps of 32B and 72B.</source>
        <translation>Teilt den Optimierer oder alles auf mehrere Geräte auf. Das Paper teilt bei 7B den Optimierer auf und in den langen Schritten von 32B und 72B alles.</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>CPU threads of the run; 0 uses all cores. Fewer leave room for other work and need less memory, because each computes a micro-batch of its own.</source>
        <translation>CPU-Threads des Laufs; 0 nutzt alle Kerne. Weniger lassen Raum für andere Arbeit und brauchen weniger Speicher, weil jeder einen eigenen Mikro-Batch berechnet.</translation>
    </message>
    <message>
        <source>Cost of an hour</source>
        <translation>Kosten einer Stunde</translation>
    </message>
    <message>
        <source>What an hour of this machine costs, for the estimate alone; it is no part of the plan. The paper&apos;s 72B conversion cost less than 2000 USD.</source>
        <translation>Was eine Stunde dieses Rechners kostet, nur für die Schätzung; es gehört nicht zum Plan. Die 72B-Umwandlung des Papers kostete weniger als 2000 USD.</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>Messen</translation>
    </message>
    <message>
        <source>Runs one real update of each step on this machine, so that the times are measured and not estimated. It takes up to a minute a step.</source>
        <translation>Führt auf diesem Rechner ein echtes Update jedes Schritts aus, damit die Zeiten gemessen und nicht geschätzt sind. Das dauert bis zu einer Minute je Schritt.</translation>
    </message>
    <message>
        <source>Memory of the largest step</source>
        <translation>Speicher des größten Schritts</translation>
    </message>
    <message>
        <source>Weights of student and teacher, gradients, the optimizer&apos;s two moments, fp32 masters, activations and logits, against what the device has. Smaller micro-batches shrink activations and logits.</source>
        <translation>Gewichte von Schüler und Lehrer, Gradienten, die beiden Momente des Optimierers, fp32-Originale, Aktivierungen und Logits, gegenüber dem, was das Gerät hat. Kleinere Mikro-Batches verkleinern Aktivierungen und Logits.</translation>
    </message>
    <message>
        <source>Save every</source>
        <translation>Sichern alle</translation>
    </message>
    <message>
        <source>Minutes between checkpoints; a resumed run goes on exactly from the newest. 10 is a good balance for long runs; 0 saves by tokens alone.</source>
        <translation>Minuten zwischen Checkpoints; ein fortgesetzter Lauf geht genau vom neuesten weiter. 10 ist für lange Läufe ein guter Mittelweg; 0 sichert nur nach Token.</translation>
    </message>
    <message>
        <source>Save every so many tokens</source>
        <translation>Sichern alle so viele Token</translation>
    </message>
    <message>
        <source>Tokens between checkpoints, beside the time; 0 saves by time alone.</source>
        <translation>Token zwischen Checkpoints, neben der Zeit; 0 sichert nur nach Zeit.</translation>
    </message>
    <message>
        <source>Checkpoints kept</source>
        <translation>Behaltene Checkpoints</translation>
    </message>
    <message>
        <source>How many of the newest are kept. Each holds weights and optimizer; two protect against a damaged one.</source>
        <translation>Wie viele der neuesten behalten werden. Jeder enthält Gewichte und Optimierer; zwei schützen vor einem beschädigten.</translation>
    </message>
    <message>
        <source>Keep the best</source>
        <translation>Den besten behalten</translation>
    </message>
    <message>
        <source>Also keeps the checkpoint with the lowest validation loss.</source>
        <translation>Behält auch den Checkpoint mit dem kleinsten Validierungsverlust.</translation>
    </message>
    <message>
        <source>When the loss is not a number</source>
        <translation>Wenn der Verlust keine Zahl ist</translation>
    </message>
    <message>
        <source>Roll back goes to the newest checkpoint with a smaller learning rate and tries again; stop ends the run there. The paper&apos;s code only stops.</source>
        <translation>„Zurückgehen“ geht mit kleinerer Lernrate zum neuesten Checkpoint und versucht es erneut; „Anhalten“ beendet den Lauf dort. Der Code des Papers hält nur an.</translation>
    </message>
    <message>
        <source>Spike</source>
        <translation>Ausreißer</translation>
    </message>
    <message>
        <source>A loss above this many times its running mean counts as a spike and is treated in the same way; 0 switches it off.</source>
        <translation>Ein Verlust über diesem Vielfachen seines laufenden Mittels gilt als Ausreißer und wird ebenso behandelt; 0 schaltet ab.</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>The plan is the whole conversion: the same file gives the same result here, on another machine, or from the command line. Look at what differs from the preset and start it, queue it, or save it.</source>
        <translation>Der Plan ist die ganze Umwandlung: Dieselbe Datei ergibt hier, auf einem anderen Rechner oder auf der Befehlszeile dasselbe Ergebnis. Prüfen Sie, was von der Vorlage abweicht, und starten Sie ihn, stellen Sie ihn an, oder speichern Sie ihn.</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>What the run is called in the library. It can be changed later.</source>
        <translation>Wie der Lauf in der Liste heißt. Das lässt sich später ändern.</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>The start of all random choices. The same seed, plan and data give the same result. The released code uses 1337.</source>
        <translation>Der Anfang aller Zufallswahlen. Gleicher Startwert, Plan und gleiche Daten ergeben dasselbe Ergebnis. Der veröffentlichte Code nutzt 1337.</translation>
    </message>
    <message>
        <source>The plan document</source>
        <translation>Das Plandokument</translation>
    </message>
    <message>
        <source>Exactly what the engine is given, every default written out. Copy it or save it to run it from the command line.</source>
        <translation>Genau, was die Engine erhält, mit jedem Vorgabewert. Kopieren oder speichern Sie es, um es auf der Befehlszeile auszuführen.</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>Was abweicht</translation>
    </message>
    <message>
        <source>The values that you changed from the preset or file that you started from. Press Enter on one to go to it.</source>
        <translation>Die Werte, die Sie gegenüber der Vorlage oder Datei des Anfangs geändert haben. Drücken Sie auf einem die Eingabetaste, um dorthin zu gehen.</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>Probleme</translation>
    </message>
    <message>
        <source>What has to be settled before the plan can run. Press Enter on one to go to its field.</source>
        <translation>Was zu lösen ist, bevor der Plan laufen kann. Drücken Sie auf einem Eintrag die Eingabetaste, um zu seinem Feld zu gehen.</translation>
    </message>
    <message>
        <source>Command line</source>
        <translation>Befehlszeile</translation>
    </message>
    <message>
        <source>The same conversion without the window, once the plan is saved under that name.</source>
        <translation>Dieselbe Umwandlung ohne das Fenster, wenn der Plan unter diesem Namen gespeichert ist.</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>The run goes on when the window closes. Queued runs start when those before them have ended.</source>
        <translation>Der Lauf geht weiter, wenn das Fenster geschlossen wird. Wartende Läufe beginnen, wenn die vor ihnen beendet sind.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ExportDialog</name>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>%1 × 10%2</source>
        <translation>%1 × 10%2</translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation>&amp;Exportieren</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Open folder</source>
        <translation>Ordner &amp;öffnen</translation>
    </message>
    <message>
        <source>Cop&amp;y path</source>
        <translation>&amp;Pfad kopieren</translation>
    </message>
    <message>
        <source>Export %1</source>
        <translation>%1 exportieren</translation>
    </message>
    <message>
        <source>Folder to write the model into</source>
        <translation>Ordner, in den das Modell geschrieben wird</translation>
    </message>
    <message>
        <source>Copy the path of the exported model</source>
        <translation>Pfad des exportierten Modells kopieren</translation>
    </message>
    <message>
        <source>&amp;Hugging Face folder</source>
        <translation>&amp;Hugging-Face-Ordner</translation>
    </message>
    <message>
        <source>GGUF file</source>
        <translation>GGUF-Datei</translation>
    </message>
    <message>
        <source>B&amp;rowse…</source>
        <translation>&amp;Durchsuchen…</translation>
    </message>
    <message>
        <source>Number format</source>
        <translation>Zahlenformat</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Browse for the destination</source>
        <translation>Nach dem Ziel suchen</translation>
    </message>
    <message>
        <source>float32: exactly the trained numbers</source>
        <translation>float32: genau die trainierten Zahlen</translation>
    </message>
    <message>
        <source>bfloat16: half the size, as most models are published</source>
        <translation>bfloat16: halb so groß, wie die meisten Modelle veröffentlicht werden</translation>
    </message>
    <message>
        <source>float16: half the size, finer, smaller range</source>
        <translation>float16: halb so groß, feiner, kleinerer Bereich</translation>
    </message>
    <message>
        <source>safetensors, tokenizer, configuration, and a modelling file in plain PyTorch that loads with trust_remote_code.</source>
        <translation>safetensors, Tokenizer, Konfiguration und eine Modelldatei in reinem PyTorch, die mit trust_remote_code lädt.</translation>
    </message>
    <message>
        <source>Not available: this version of the engine writes Hugging Face folders only.</source>
        <translation>Nicht verfügbar: Diese Version der Engine schreibt nur Hugging-Face-Ordner.</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>&amp;Numbers</source>
        <translation>&amp;Zahlen</translation>
    </message>
    <message>
        <source>&amp;Destination</source>
        <translation>Z&amp;iel</translation>
    </message>
    <message>
        <source>Exporting</source>
        <translation>Export läuft</translation>
    </message>
    <message>
        <source>The export was cancelled; nothing was left behind.</source>
        <translation>Der Export wurde abgebrochen; nichts blieb zurück.</translation>
    </message>
    <message>
        <source>The connection to the engine was lost. The export goes on there; look in the destination later.</source>
        <translation>Die Verbindung zur Engine ging verloren. Der Export geht dort weiter; sehen Sie später im Ziel nach.</translation>
    </message>
    <message>
        <source>The model could not be exported: %1</source>
        <translation>Das Modell konnte nicht exportiert werden: %1</translation>
    </message>
    <message>
        <source>The model is in %1</source>
        <translation>Das Modell ist in %1</translation>
    </message>
    <message>
        <source>%1 parameters as %2.</source>
        <translation>%1 Parameter als %2.</translation>
    </message>
    <message>
        <source>Read back from disk and compared over %1 tokens. Largest difference of the logits, relative to the largest logit: %2.</source>
        <translation>Vom Datenträger zurückgelesen und über %1 Token verglichen. Größter Unterschied der Logits, bezogen auf den größten Logit: %2.</translation>
    </message>
    <message>
        <source>Token by token against all at once: %1.</source>
        <translation>Token für Token gegen alle auf einmal: %1.</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Schließen</translation>
    </message>
    <message>
        <source>The run has no model yet; it has one when it has finished.</source>
        <translation>Der Lauf hat noch kein Modell; er hat eines, wenn er fertig ist.</translation>
    </message>
    <message>
        <source>The engine does not answer; the export can start when it does.</source>
        <translation>Die Engine antwortet nicht; der Export kann beginnen, wenn sie es tut.</translation>
    </message>
    <message>
        <source>Name the folder to write.</source>
        <translation>Nennen Sie den Ordner, der geschrieben wird.</translation>
    </message>
    <message>
        <source>Give the whole path, from / on.</source>
        <translation>Geben Sie den ganzen Pfad an, ab /.</translation>
    </message>
    <message>
        <source>This folder exists. If it is an earlier export it is replaced; anything else is left alone.</source>
        <translation>Diesen Ordner gibt es. Ist er ein früherer Export, wird er ersetzt; alles andere bleibt unberührt.</translation>
    </message>
    <message>
        <source>A path on %1.</source>
        <translation>Ein Pfad auf %1.</translation>
    </message>
    <message>
        <source>The run has not finished: its newest checkpoint is exported.</source>
        <translation>Der Lauf ist nicht fertig: Sein neuester Checkpoint wird exportiert.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::FilesModel</name>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>Geändert</translation>
    </message>
</context>
<context>
    <name>radlads::ui::FilesPage</name>
    <message>
        <source>The run&apos;s folder</source>
        <translation>Der Ordner des Laufs</translation>
    </message>
    <message>
        <source>&amp;Open the folder</source>
        <translation>Ordner &amp;öffnen</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>Copy the &amp;path</source>
        <translation>&amp;Pfad kopieren</translation>
    </message>
    <message>
        <source>Copy the folder&apos;s path</source>
        <translation>Pfad des Ordners kopieren</translation>
    </message>
    <message>
        <source>Refre&amp;sh</source>
        <translation>A&amp;ktualisieren</translation>
    </message>
    <message>
        <source>List the files again</source>
        <translation>Dateien neu auflisten</translation>
    </message>
    <message>
        <source>Files of the run</source>
        <translation>Dateien des Laufs</translation>
    </message>
    <message numerus="yes">
        <source>%n file(s), %1 together</source>
        <translation>
            <numerusform>eine Datei, zusammen %1</numerusform>
            <numerusform>%n Dateien, zusammen %1</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::GenerationPane</name>
    <message>
        <source>The student&apos;s answer</source>
        <translation>Antwort des Schülers</translation>
    </message>
    <message>
        <source>The teacher&apos;s answer</source>
        <translation>Antwort des Lehrers</translation>
    </message>
    <message>
        <source>The student&apos;s answer appears here.</source>
        <translation>Hier erscheint die Antwort des Schülers.</translation>
    </message>
    <message>
        <source>The teacher&apos;s answer appears here.</source>
        <translation>Hier erscheint die Antwort des Lehrers.</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>Modell wird geladen…</translation>
    </message>
    <message>
        <source>Reading the prompt…</source>
        <translation>Prompt wird gelesen…</translation>
    </message>
    <message>
        <source>Ended by itself</source>
        <translation>Von selbst beendet</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 Token</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>state %1</source>
        <translation>Zustand %1</translation>
    </message>
    <message>
        <source>cache %1</source>
        <translation>Cache %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::HardwarePage</name>
    <message>
        <source>Hardware</source>
        <translation>Hardware</translation>
    </message>
    <message>
        <source>&amp;Measure</source>
        <translation>&amp;Messen</translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation>&amp;Gerät</translation>
    </message>
    <message>
        <source>&amp;Precision</source>
        <translation>Ge&amp;nauigkeit</translation>
    </message>
    <message>
        <source>fp32</source>
        <translation>fp32</translation>
    </message>
    <message>
        <source>bf16</source>
        <translation>bf16</translation>
    </message>
    <message>
        <source>fp16</source>
        <translation>fp16</translation>
    </message>
    <message>
        <source>Re&amp;compute</source>
        <translation>Neu bere&amp;chnen</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>On</source>
        <translation>Ein</translation>
    </message>
    <message>
        <source>&amp;Sharding</source>
        <translation>Auf&amp;teilung</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>one device</source>
        <translation>ein Gerät</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>Alles</translation>
    </message>
    <message>
        <source>&amp;Threads</source>
        <translation>T&amp;hreads</translation>
    </message>
    <message>
        <source>0: all</source>
        <translation>0: alle</translation>
    </message>
    <message>
        <source>Sa&amp;ve every</source>
        <translation>Sich&amp;ern alle</translation>
    </message>
    <message>
        <source>min</source>
        <translation>min</translation>
    </message>
    <message>
        <source>&amp;Keep</source>
        <translation>&amp;Behalten</translation>
    </message>
    <message>
        <source>checkpoints</source>
        <translation>Checkpoints</translation>
    </message>
    <message>
        <source>Keep the b&amp;est too</source>
        <translation>Auch &amp;den besten behalten</translation>
    </message>
    <message>
        <source>Not a n&amp;umber</source>
        <translation>&amp;Keine Zahl</translation>
    </message>
    <message>
        <source>Roll back</source>
        <translation>Zurückgehen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Cost of an hour</source>
        <translation>Kosten einer Stunde</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>C&amp;ost of an hour, $</source>
        <translation>K&amp;osten einer Stunde, $</translation>
    </message>
    <message>
        <source>This is no price; write it as 2.50</source>
        <translation>Das ist kein Preis; schreiben Sie ihn wie 2.50</translation>
    </message>
    <message>
        <source>%1, %2 free</source>
        <translation>%1, %2 frei</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Waiting for the engine…</source>
        <translation>Warten auf die Engine…</translation>
    </message>
    <message>
        <source>%1: %2, cores: %5, %3 of memory, %4 free.</source>
        <translation>%1: %2, Kerne: %5, %3 Speicher, %4 frei.</translation>
    </message>
    <message>
        <source>Memory: %1 of %2 in step %3, the largest</source>
        <translation>Speicher: %1 von %2 in Schritt %3, dem größten</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Stop &amp;measuring</source>
        <translation>&amp;Messung anhalten</translation>
    </message>
    <message>
        <source>%1 in all, measured on this machine.</source>
        <translation>%1 insgesamt, auf diesem Rechner gemessen.</translation>
    </message>
    <message>
        <source>%1 in all, estimated; measuring makes it certain.</source>
        <translation>%1 insgesamt, geschätzt; eine Messung gibt Gewissheit.</translation>
    </message>
    <message>
        <source>Runs are kept in %1. This one needs %2 of disk at most; %3 are free.</source>
        <translation>Läufe liegen in %1. Dieser braucht höchstens %2 Platz; %3 sind frei.</translation>
    </message>
    <message>
        <source>Runs are kept in %1.</source>
        <translation>Läufe liegen in %1.</translation>
    </message>
    <message>
        <source>The disk has too little room; free some space or keep fewer checkpoints</source>
        <translation>Auf dem Datenträger ist zu wenig Platz; schaffen Sie Platz oder behalten Sie weniger Checkpoints</translation>
    </message>
    <message>
        <source>not with this engine</source>
        <translation>nicht mit dieser Engine</translation>
    </message>
    <message>
        <source>of %1; 0: all</source>
        <translation>von %1; 0: alle</translation>
    </message>
</context>
<context>
    <name>radlads::ui::HeatMap</name>
    <message>
        <source>Loss by layer</source>
        <translation>Verlust je Schicht</translation>
    </message>
    <message>
        <source>No data yet.</source>
        <translation>Noch keine Daten.</translation>
    </message>
    <message>
        <source>Layer %1, %2: %3</source>
        <translation>Schicht %1, %2: %3</translation>
    </message>
    <message>
        <source>layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>%1 file (*.%2)</source>
        <translation>%1-Datei (*.%2)</translation>
    </message>
    <message>
        <source>The file %1 could not be written. Choose another folder or free some space.</source>
        <translation>Die Datei %1 konnte nicht geschrieben werden. Wählen Sie einen anderen Ordner, oder schaffen Sie Platz.</translation>
    </message>
    <message>
        <source>Save as C&amp;SV…</source>
        <translation>Als C&amp;SV speichern…</translation>
    </message>
    <message>
        <source>Save the losses of the layers</source>
        <translation>Verluste der Schichten speichern</translation>
    </message>
    <message>
        <source>Save as &amp;PNG…</source>
        <translation>Als &amp;PNG speichern…</translation>
    </message>
    <message>
        <source>Save the map as a picture</source>
        <translation>Karte als Bild speichern</translation>
    </message>
</context>
<context>
    <name>radlads::ui::JobBar</name>
    <message>
        <source>Cance&amp;l</source>
        <translation>Abb&amp;rechen</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Cancel the work</source>
        <translation>Arbeit abbrechen</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>Wird angehalten…</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Wird gestartet…</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LabelDialog</name>
    <message>
        <source>Tags and notes of %1</source>
        <translation>Schlagwörter und Notizen von %1</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Tags, with commas between</source>
        <translation>Schlagwörter, durch Kommas getrennt</translation>
    </message>
    <message>
        <source>paper, ablation</source>
        <translation>Paper, Ablation</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>&amp;Tags:</source>
        <translation>S&amp;chlagwörter:</translation>
    </message>
    <message>
        <source>&amp;Notes:</source>
        <translation>&amp;Notizen:</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LayerStrip</name>
    <message>
        <source>Layers that keep softmax attention</source>
        <translation>Schichten, die Softmax-Attention behalten</translation>
    </message>
    <message>
        <source>Choose a teacher to see its layers.</source>
        <translation>Wählen Sie einen Lehrer, um seine Schichten zu sehen.</translation>
    </message>
    <message>
        <source>Layer %1 of %2 keeps softmax attention.</source>
        <translation>Schicht %1 von %2 behält Softmax-Attention.</translation>
    </message>
    <message>
        <source>Layer %1 of %2 becomes linear.</source>
        <translation>Schicht %1 von %2 wird linear.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LayersPage</name>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Alignment loss by layer</source>
        <translation>Angleichverlust je Schicht</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Of first</source>
        <translation>Vom ersten</translation>
    </message>
    <message>
        <source>Choose a run on the left to see its layers.</source>
        <translation>Wählen Sie links einen Lauf, um seine Schichten zu sehen.</translation>
    </message>
    <message>
        <source>Reading what the run has recorded…</source>
        <translation>Aufzeichnungen des Laufs werden gelesen…</translation>
    </message>
    <message>
        <source>Choose a layer to see its curve.</source>
        <translation>Wählen Sie eine Schicht, um ihre Kurve zu sehen.</translation>
    </message>
    <message>
        <source>Worst %1: %2</source>
        <translation>Schlechteste %1: %2</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>Loss of layer %1</source>
        <translation>Verlust von Schicht %1</translation>
    </message>
    <message>
        <source>Layers by their present value, the largest first</source>
        <translation>Schichten nach ihrem jetzigen Wert, der größte zuerst</translation>
    </message>
    <message>
        <source>What is shown of the layers</source>
        <translation>Was von den Schichten gezeigt wird</translation>
    </message>
    <message>
        <source>Alignment loss</source>
        <translation>Angleichverlust</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>Gradientennorm</translation>
    </message>
    <message>
        <source>The present value as a part of the layer&apos;s first.</source>
        <translation>Der jetzige Wert als Anteil des ersten dieser Schicht.</translation>
    </message>
    <message>
        <source>Nothing is known of the layers yet. While they are aligned their losses are recorded, afterwards the norms of their gradients.</source>
        <translation>Von den Schichten ist noch nichts bekannt. Beim Angleichen werden ihre Verluste aufgezeichnet, danach die Normen ihrer Gradienten.</translation>
    </message>
    <message>
        <source>Gradient norm by layer</source>
        <translation>Gradientennorm je Schicht</translation>
    </message>
    <message>
        <source>Norm</source>
        <translation>Norm</translation>
    </message>
    <message>
        <source>Largest %1: %2</source>
        <translation>Größte %1: %2</translation>
    </message>
    <message>
        <source>Gradient norm of layer %1</source>
        <translation>Gradientennorm der Schicht %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LengthHistogram</name>
    <message>
        <source>Lengths of the documents</source>
        <translation>Längen der Dokumente</translation>
    </message>
    <message>
        <source>Shortest %1, median %2, longest %3 %4.</source>
        <translation>Kürzestes %1, Median %2, längstes %3 %4.</translation>
    </message>
    <message>
        <source>No lengths yet</source>
        <translation>Noch keine Längen</translation>
    </message>
    <message>
        <source>Documents by length in tokens</source>
        <translation>Dokumente nach Länge in Token</translation>
    </message>
    <message>
        <source>Documents by length in bytes</source>
        <translation>Dokumente nach Länge in Byte</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LibraryPanel</name>
    <message>
        <source>New conversion</source>
        <translation>Neue Umwandlung</translation>
    </message>
    <message>
        <source>Search runs</source>
        <translation>Läufe suchen</translation>
    </message>
    <message>
        <source>Search runs…</source>
        <translation>Läufe suchen…</translation>
    </message>
    <message>
        <source>Searches names, tags, notes, teachers and messages (Ctrl+F)</source>
        <translation>Sucht in Namen, Schlagwörtern, Notizen, Lehrern und Meldungen (Strg+F)</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>The runs of the chosen engine by state. Choose one to see it, two or more to compare them. Drag queued runs, or use Alt+Up and Alt+Down, to change their order.</source>
        <translation>Die Läufe der gewählten Engine nach Zustand. Wählen Sie einen, um ihn zu sehen, zwei oder mehr, um sie zu vergleichen. Ziehen Sie wartende Läufe, oder ändern Sie ihre Reihenfolge mit Alt+Auf und Alt+Ab.</translation>
    </message>
    <message>
        <source>No run matches the search.</source>
        <translation>Kein Lauf passt zur Suche.</translation>
    </message>
    <message>
        <source>Eng&amp;ines</source>
        <translation>Eng&amp;ines</translation>
    </message>
    <message>
        <source>Add an engine on another computer</source>
        <translation>Engine auf einem anderen Rechner hinzufügen</translation>
    </message>
    <message>
        <source>Edit the chosen engine</source>
        <translation>Gewählte Engine bearbeiten</translation>
    </message>
    <message>
        <source>Remove the chosen engine from the list</source>
        <translation>Gewählte Engine aus der Liste entfernen</translation>
    </message>
    <message>
        <source>Engines</source>
        <translation>Engines</translation>
    </message>
    <message>
        <source>The computers whose runs this program shows: this one, and others reached by ssh.</source>
        <translation>Die Rechner, deren Läufe dieses Programm zeigt: dieser und andere, die über ssh erreicht werden.</translation>
    </message>
    <message>
        <source>&amp;Add an engine…</source>
        <translation>Engine &amp;hinzufügen…</translation>
    </message>
    <message>
        <source>&amp;Edit…</source>
        <translation>&amp;Bearbeiten…</translation>
    </message>
    <message>
        <source>&amp;Remove from the list…</source>
        <translation>Aus der Liste &amp;entfernen…</translation>
    </message>
    <message>
        <source>No runs yet.</source>
        <translation>Noch keine Läufe.</translation>
    </message>
    <message>
        <source>Runs appear here once the engine answers.</source>
        <translation>Läufe erscheinen hier, sobald die Engine antwortet.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LogModel</name>
    <message>
        <source>warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>event</source>
        <translation>Ereignis</translation>
    </message>
    <message>
        <source>note</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
</context>
<context>
    <name>radlads::ui::LogPage</name>
    <message>
        <source>Which lines are shown</source>
        <translation>Welche Zeilen gezeigt werden</translation>
    </message>
    <message>
        <source>Search the log</source>
        <translation>Protokoll durchsuchen</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Nothing to show here yet.</source>
        <translation>Hier gibt es noch nichts zu zeigen.</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>Alles</translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation>Warnungen und Fehler</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>Ereignisse</translation>
    </message>
    <message>
        <source>Search the log…</source>
        <translation>Protokoll durchsuchen…</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Copy the chosen lines, or all that are shown</source>
        <translation>Gewählte Zeilen kopieren, oder alle gezeigten</translation>
    </message>
</context>
<context>
    <name>radlads::ui::MainWindow</name>
    <message>
        <source>Radlads Studio</source>
        <translation>Radlads Studio</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>&amp;Lauf</translation>
    </message>
    <message>
        <source>The engine on %1 was started again. Runs went on meanwhile and nothing of what they said is missing.</source>
        <translation>Die Engine auf %1 wurde neu gestartet. Die Läufe gingen inzwischen weiter, und nichts von ihren Meldungen fehlt.</translation>
    </message>
    <message>
        <source>Not connected to an engine yet. Both ways open as soon as one answers.</source>
        <translation>Noch mit keiner Engine verbunden. Beide Wege öffnen sich, sobald eine antwortet.</translation>
    </message>
    <message>
        <source>%1 %2 – Radlads Studio</source>
        <translation>%1 %2 – Radlads Studio</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Engines</source>
        <translation>&amp;Engines</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Demo</source>
        <translation>Demo</translation>
    </message>
    <message>
        <source>The engine has no preset demo-rad-rwkv7; install the same version of radlads-engine.</source>
        <translation>Die Engine hat keine Vorlage demo-rad-rwkv7; installieren Sie dieselbe Version von radlads-engine.</translation>
    </message>
    <message>
        <source>Delete %1?</source>
        <translation>%1 löschen?</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n run(s)?</source>
        <translation>
            <numerusform>Einen Lauf löschen?</numerusform>
            <numerusform>%n Läufe löschen?</numerusform>
        </translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>%1 Checkpoints and results go with it. You can undo this.</source>
        <translation>%1 Checkpoints und Ergebnisse gehen mit. Sie können das rückgängig machen.</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>%1 was deleted.</source>
        <translation>%1 wurde gelöscht.</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>Remove the engine</source>
        <translation>Engine entfernen</translation>
    </message>
    <message>
        <source>Remove %1 from the list? Its runs stay there and go on.</source>
        <translation>%1 aus der Liste entfernen? Die Läufe bleiben dort und gehen weiter.</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>Open a plan or run</source>
        <translation>Plan oder Lauf öffnen</translation>
    </message>
    <message>
        <source>Plans (*.json);;All files (*)</source>
        <translation>Pläne (*.json);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>%1 could not be opened: %2.</source>
        <translation>%1 konnte nicht geöffnet werden: %2.</translation>
    </message>
    <message>
        <source>%1 is not a plan: %2 at byte %3.</source>
        <translation>%1 ist kein Plan: %2 bei Byte %3.</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>Plan speichern</translation>
    </message>
    <message>
        <source>Plans (*.json)</source>
        <translation>Pläne (*.json)</translation>
    </message>
    <message>
        <source>The plan could not be saved as %1: %2.</source>
        <translation>Der Plan konnte nicht als %1 gespeichert werden: %2.</translation>
    </message>
    <message>
        <source>This window shows the runs of an engine. Choose a run on the left; the pages on the right show it.</source>
        <translation>Dieses Fenster zeigt die Läufe einer Engine. Wählen Sie links einen Lauf; die Seiten rechts zeigen ihn.</translation>
    </message>
    <message>
        <source>About Radlads Studio</source>
        <translation>Über Radlads Studio</translation>
    </message>
    <message>
        <source>&lt;b&gt;Radlads Studio %1&lt;/b&gt;&lt;p&gt;Converts language models with softmax attention into models with linear attention, after the RADLADS paper.&lt;/p&gt;</source>
        <translation>&lt;b&gt;Radlads Studio %1&lt;/b&gt;&lt;p&gt;Wandelt Sprachmodelle mit Softmax-Attention in Modelle mit linearer Attention um, nach dem RADLADS-Paper.&lt;/p&gt;</translation>
    </message>
</context>
<context>
    <name>radlads::ui::MemoryBar</name>
    <message>
        <source>Memory of the largest step</source>
        <translation>Speicher des größten Schritts</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>gradients</source>
        <translation>Gradienten</translation>
    </message>
    <message>
        <source>optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>fp32 masters</source>
        <translation>fp32-Originale</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>logits</source>
        <translation>Logits</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>Not known yet.</source>
        <translation>Noch nicht bekannt.</translation>
    </message>
    <message>
        <source>%1 of %2: %3.</source>
        <translation>%1 von %2: %3.</translation>
    </message>
    <message>
        <source>Not known yet</source>
        <translation>Noch nicht bekannt</translation>
    </message>
    <message>
        <source>of %1 →</source>
        <translation>von %1 →</translation>
    </message>
</context>
<context>
    <name>radlads::ui::MemoryChart</name>
    <message>
        <source>Memory against context length</source>
        <translation>Speicher über Kontextlänge</translation>
    </message>
    <message>
        <source>Teacher</source>
        <translation>Lehrer</translation>
    </message>
    <message>
        <source>Student</source>
        <translation>Schüler</translation>
    </message>
    <message>
        <source>Memory against context length (tokens)</source>
        <translation>Speicher über Kontextlänge (Token)</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Generate a text: the teacher&apos;s cache grows with every token, the student&apos;s state does not.</source>
        <translation>Erzeugen Sie einen Text: Der Cache des Lehrers wächst mit jedem Token, der Zustand des Schülers nicht.</translation>
    </message>
    <message>
        <source>%1: %2 after %3 tokens</source>
        <translation>%1: %2 nach %3 Token</translation>
    </message>
    <message>
        <source>Nothing measured yet</source>
        <translation>Noch nichts gemessen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::MessageBar</name>
    <message>
        <source>Messages</source>
        <translation>Meldungen</translation>
    </message>
    <message>
        <source>Copy the details</source>
        <translation>Einzelheiten kopieren</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>Diese Meldung schließen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::MessageStrip</name>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>Diese Meldung schließen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::MonitorPage</name>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>Gradientennorm</translation>
    </message>
    <message>
        <source>Tokens per second</source>
        <translation>Token je Sekunde</translation>
    </message>
    <message>
        <source>Time per update</source>
        <translation>Zeit je Update</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Waiting for data</source>
        <translation>Warten auf Daten</translation>
    </message>
    <message>
        <source>Choose a run on the left to see its curves.</source>
        <translation>Wählen Sie links einen Lauf, um seine Kurven zu sehen.</translation>
    </message>
    <message>
        <source>No update has been trained yet. The curves start with the first.</source>
        <translation>Noch wurde kein Update trainiert. Die Kurven beginnen mit dem ersten.</translation>
    </message>
    <message>
        <source>Reading what the run has recorded…</source>
        <translation>Aufzeichnungen des Laufs werden gelesen…</translation>
    </message>
    <message>
        <source>No data yet.</source>
        <translation>Noch keine Daten.</translation>
    </message>
    <message>
        <source>Loss, smoothed</source>
        <translation>Verlust, geglättet</translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation>Validierungsverlust</translation>
    </message>
    <message>
        <source>Mixer&apos;s rate</source>
        <translation>Rate der Mixer</translation>
    </message>
    <message>
        <source>Clipped at</source>
        <translation>Begrenzt bei</translation>
    </message>
    <message>
        <source>Gradient norm, smoothed</source>
        <translation>Gradientennorm, geglättet</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>Token/s</translation>
    </message>
    <message>
        <source>Tokens/s, smoothed</source>
        <translation>Token/s, geglättet</translation>
    </message>
    <message>
        <source>Time per update, smoothed</source>
        <translation>Zeit je Update, geglättet</translation>
    </message>
    <message>
        <source>Waiting for data, smoothed</source>
        <translation>Warten auf Daten, geglättet</translation>
    </message>
    <message>
        <source>Peak memory</source>
        <translation>Größter Speicher</translation>
    </message>
</context>
<context>
    <name>radlads::ui::Notifier</name>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>The student is ready to be evaluated, tried and exported.</source>
        <translation>Der Schüler kann jetzt bewertet, ausprobiert und exportiert werden.</translation>
    </message>
    <message>
        <source>Radlads Studio</source>
        <translation>Radlads Studio</translation>
    </message>
</context>
<context>
    <name>radlads::ui::PageState</name>
    <message>
        <source>Done</source>
        <translation>Erledigt</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>Bitte ansehen</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>Vorgabe</translation>
    </message>
</context>
<context>
    <name>radlads::ui::PlanAdvisor</name>
    <message>
        <source>Choose a teacher to see what the conversion needs.</source>
        <translation>Wählen Sie einen Lehrer, um zu sehen, was die Umwandlung braucht.</translation>
    </message>
    <message>
        <source>Add data to see what the conversion needs.</source>
        <translation>Fügen Sie Daten hinzu, um zu sehen, was die Umwandlung braucht.</translation>
    </message>
    <message>
        <source>Measuring one update of each step…</source>
        <translation>Ein Update jedes Schritts wird gemessen…</translation>
    </message>
</context>
<context>
    <name>radlads::ui::PlanDifferences</name>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>(leer)</translation>
    </message>
</context>
<context>
    <name>radlads::ui::PlanField</name>
    <message>
        <source>Reset %1</source>
        <translation>%1 zurücksetzen</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>This is no number; write it as 2000, 500k, 100M or 1.5e8</source>
        <translation>Das ist keine Zahl; schreiben Sie sie wie 2000, 500k, 100M oder 1.5e8</translation>
    </message>
    <message>
        <source>This is no number; write it as 0.001 or 1e-3</source>
        <translation>Das ist keine Zahl; schreiben Sie sie wie 0.001 oder 1e-3</translation>
    </message>
    <message>
        <source>change %1</source>
        <translation>%1 ändern</translation>
    </message>
    <message>
        <source>on</source>
        <translation>ein</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Changed. Put back to: %1</source>
        <translation>Geändert. Zurück auf: %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::PlanPage</name>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>The plan has not arrived yet.</source>
        <translation>Der Plan ist noch nicht eingetroffen.</translation>
    </message>
    <message>
        <source>The command line of the same conversion</source>
        <translation>Die Befehlszeile derselben Umwandlung</translation>
    </message>
    <message>
        <source>&amp;Copy the plan</source>
        <translation>Plan &amp;kopieren</translation>
    </message>
    <message>
        <source>Copy the command &amp;line</source>
        <translation>Befehls&amp;zeile kopieren</translation>
    </message>
    <message>
        <source>&amp;Save the plan…</source>
        <translation>Plan &amp;speichern…</translation>
    </message>
    <message>
        <source>&amp;New conversion from this…</source>
        <translation>&amp;Neue Umwandlung hieraus…</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ProgressStrip</name>
    <message>
        <source>Progress over all steps: %1</source>
        <translation>Fortschritt über alle Schritte: %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ReadOut</name>
    <message>
        <source>Values at the cursor</source>
        <translation>Werte am Cursor</translation>
    </message>
    <message>
        <source>At the cursor</source>
        <translation>Am Cursor</translation>
    </message>
    <message>
        <source>Newest</source>
        <translation>Neueste</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Update</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Values appear here with the first update.</source>
        <translation>Mit dem ersten Update erscheinen hier Werte.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RemoteFileDialog</name>
    <message>
        <source>%1 on %2</source>
        <translation>%1 auf %2</translation>
    </message>
    <message>
        <source>&amp;Up</source>
        <translation>&amp;Auf</translation>
    </message>
    <message>
        <source>Go to the folder above</source>
        <translation>Zum Ordner darüber</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Files and folders</source>
        <translation>Dateien und Ordner</translation>
    </message>
    <message>
        <source>Choose this &amp;folder</source>
        <translation>Diesen &amp;Ordner wählen</translation>
    </message>
    <message>
        <source>&amp;Choose</source>
        <translation>&amp;Wählen</translation>
    </message>
    <message>
        <source>model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>GGUF model</source>
        <translation>GGUF-Modell</translation>
    </message>
    <message>
        <source>text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ReviewPage</name>
    <message>
        <source>Review</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>See&amp;d</source>
        <translation>Sta&amp;rtwert</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>Probleme</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>Was abweicht</translation>
    </message>
    <message>
        <source>P&amp;lan</source>
        <translation>P&amp;lan</translation>
    </message>
    <message>
        <source>&amp;Copy the plan</source>
        <translation>Plan &amp;kopieren</translation>
    </message>
    <message>
        <source>The plan</source>
        <translation>Der Plan</translation>
    </message>
    <message>
        <source>Command l&amp;ine</source>
        <translation>&amp;Befehlszeile</translation>
    </message>
    <message>
        <source>Command line</source>
        <translation>Befehlszeile</translation>
    </message>
    <message>
        <source>Cop&amp;y</source>
        <translation>K&amp;opieren</translation>
    </message>
    <message>
        <source>Copy the command line</source>
        <translation>Befehlszeile kopieren</translation>
    </message>
    <message>
        <source>Sa&amp;ve plan…</source>
        <translation>Plan s&amp;peichern…</translation>
    </message>
    <message>
        <source>Add to &amp;queue</source>
        <translation>&amp;In die Warteschlange</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>One problem to settle</source>
        <translation>Ein Problem zu lösen</translation>
    </message>
    <message>
        <source>%1 problems to settle</source>
        <translation>%1 Probleme zu lösen</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>%1: %2 → %3</source>
        <translation>%1: %2 → %3</translation>
    </message>
    <message>
        <source>Exactly as in “%1”</source>
        <translation>Genau wie in „%1“</translation>
    </message>
    <message>
        <source>What was changed</source>
        <translation>Was geändert wurde</translation>
    </message>
    <message>
        <source>Different from “%1”</source>
        <translation>Anders als „%1“</translation>
    </message>
    <message>
        <source>Not connected to the engine; the plan can be saved.</source>
        <translation>Nicht mit der Engine verbunden; der Plan kann gespeichert werden.</translation>
    </message>
    <message>
        <source>Save the plan</source>
        <translation>Plan speichern</translation>
    </message>
    <message>
        <source>Plans (*.json)</source>
        <translation>Pläne (*.json)</translation>
    </message>
    <message>
        <source>%1 was not written: %2; choose another folder</source>
        <translation>%1 wurde nicht geschrieben: %2; wählen Sie einen anderen Ordner</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunActions</name>
    <message>
        <source>&amp;New conversion…</source>
        <translation>&amp;Neue Umwandlung…</translation>
    </message>
    <message>
        <source>Try the &amp;demo</source>
        <translation>&amp;Demo ausprobieren</translation>
    </message>
    <message>
        <source>&amp;Open a plan or run…</source>
        <translation>Plan oder Lauf &amp;öffnen…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>Runs go on without the window.</source>
        <translation>Läufe gehen ohne das Fenster weiter.</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>&amp;Pausieren</translation>
    </message>
    <message>
        <source>&amp;Checkpoint</source>
        <translation>&amp;Checkpoint</translation>
    </message>
    <message>
        <source>Saves a checkpoint after the present update.</source>
        <translation>Speichert nach dem jetzigen Update einen Checkpoint.</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>&amp;Anhalten</translation>
    </message>
    <message>
        <source>Saves a checkpoint and ends the process. The run can be resumed.</source>
        <translation>Speichert einen Checkpoint und beendet den Prozess. Der Lauf kann fortgesetzt werden.</translation>
    </message>
    <message>
        <source>&amp;Rename</source>
        <translation>&amp;Umbenennen</translation>
    </message>
    <message>
        <source>&amp;Tags and notes…</source>
        <translation>&amp;Schlagwörter und Notizen…</translation>
    </message>
    <message>
        <source>&amp;Delete…</source>
        <translation>&amp;Löschen…</translation>
    </message>
    <message>
        <source>&amp;New conversion from this…</source>
        <translation>&amp;Neue Umwandlung hieraus…</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>E&amp;xportieren…</translation>
    </message>
    <message>
        <source>Co&amp;mpare</source>
        <translation>&amp;Vergleichen</translation>
    </message>
    <message>
        <source>Shows two or more chosen runs side by side.</source>
        <translation>Zeigt zwei oder mehr gewählte Läufe nebeneinander.</translation>
    </message>
    <message>
        <source>Earlier in the &amp;queue</source>
        <translation>Früher in der &amp;Warteschlange</translation>
    </message>
    <message>
        <source>&amp;Later in the queue</source>
        <translation>Später &amp;in der Warteschlange</translation>
    </message>
    <message>
        <source>Open the f&amp;older</source>
        <translation>O&amp;rdner öffnen</translation>
    </message>
    <message>
        <source>&amp;Search runs</source>
        <translation>Läufe &amp;suchen</translation>
    </message>
    <message>
        <source>Next &amp;pane</source>
        <translation>Nächster &amp;Bereich</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Settings…</source>
        <translation>&amp;Einstellungen…</translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation>A&amp;ktualisieren</translation>
    </message>
    <message>
        <source>&amp;Add an engine…</source>
        <translation>Engine &amp;hinzufügen…</translation>
    </message>
    <message>
        <source>&amp;What is this?</source>
        <translation>&amp;Was ist das?</translation>
    </message>
    <message>
        <source>Explains what has the focus.</source>
        <translation>Erklärt, was den Fokus hat.</translation>
    </message>
    <message>
        <source>&amp;About Radlads Studio</source>
        <translation>Ü&amp;ber Radlads Studio</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>St&amp;art now</source>
        <translation>&amp;Jetzt starten</translation>
    </message>
    <message>
        <source>Res&amp;ume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>Saves a checkpoint and pauses (Space)</source>
        <translation>Speichert einen Checkpoint und pausiert (Leertaste)</translation>
    </message>
    <message>
        <source>Starts this run now (Space)</source>
        <translation>Startet diesen Lauf jetzt (Leertaste)</translation>
    </message>
    <message>
        <source>Goes on from the newest checkpoint (Space)</source>
        <translation>Geht vom neuesten Checkpoint weiter (Leertaste)</translation>
    </message>
    <message>
        <source>Copy the &amp;folder&apos;s path</source>
        <translation>Pfad &amp;des Ordners kopieren</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunHeader</name>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>More that can be done with this run</source>
        <translation>Was sonst mit diesem Lauf getan werden kann</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>%1: %2 → %3</source>
        <translation>%1: %2 → %3</translation>
    </message>
    <message>
        <source>Step %1 of %2  %3</source>
        <translation>Schritt %1 von %2  %3</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
    <message>
        <source>%1 of %2 tokens</source>
        <translation>%1 von %2 Token</translation>
    </message>
    <message>
        <source>loss %1</source>
        <translation>Verlust %1</translation>
    </message>
    <message>
        <source>finishes %1</source>
        <translation>fertig %1</translation>
    </message>
    <message numerus="yes">
        <source>%n rollback(s)</source>
        <translation>
            <numerusform>ein Rücksprung</numerusform>
            <numerusform>%n Rücksprünge</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunHistory</name>
    <message>
        <source>The run went on from its checkpoint.</source>
        <translation>Der Lauf ging von seinem Checkpoint weiter.</translation>
    </message>
    <message>
        <source>The run started.</source>
        <translation>Der Lauf hat begonnen.</translation>
    </message>
    <message>
        <source>Step %1, %2: %3 tokens</source>
        <translation>Schritt %1, %2: %3 Token</translation>
    </message>
    <message>
        <source>Step %1 finished.</source>
        <translation>Schritt %1 ist fertig.</translation>
    </message>
    <message>
        <source>Validation loss %1</source>
        <translation>Validierungsverlust %1</translation>
    </message>
    <message>
        <source>Checkpoint at update %1</source>
        <translation>Checkpoint bei Update %1</translation>
    </message>
    <message>
        <source>Went back from update %1 to %2: %3</source>
        <translation>Von Update %1 auf %2 zurückgegangen: %3</translation>
    </message>
    <message>
        <source>Paused.</source>
        <translation>Pausiert.</translation>
    </message>
    <message>
        <source>Resumed.</source>
        <translation>Fortgesetzt.</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>Angehalten.</translation>
    </message>
    <message>
        <source>The run failed.</source>
        <translation>Der Lauf ist fehlgeschlagen.</translation>
    </message>
    <message>
        <source>Finished.</source>
        <translation>Fertig.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunModel</name>
    <message numerus="yes">
        <source>%1, %n run(s)</source>
        <translation>
            <numerusform>%1, ein Lauf</numerusform>
            <numerusform>%1, %n Läufe</numerusform>
        </translation>
    </message>
    <message>
        <source>Tags: %1</source>
        <translation>Schlagwörter: %1</translation>
    </message>
    <message>
        <source>%1, %2 %3</source>
        <translation>%1, %2 %3</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunSeries</name>
    <message>
        <source>Step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>Step %1 · %2</source>
        <translation>Schritt %1 · %2</translation>
    </message>
    <message>
        <source>%1 · %2 tokens</source>
        <translation>%1 · %2 Token</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunStarter</name>
    <message>
        <source>Waiting for the engine…</source>
        <translation>Warten auf die Engine…</translation>
    </message>
    <message>
        <source>Adding to the queue…</source>
        <translation>Wird eingereiht…</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Wird gestartet…</translation>
    </message>
    <message>
        <source>The connection was lost; waiting for the engine to ask again…</source>
        <translation>Die Verbindung ging verloren; die Engine wird gefragt, sobald sie antwortet…</translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunView</name>
    <message>
        <source>Pages of the run</source>
        <translation>Seiten des Laufs</translation>
    </message>
    <message>
        <source>%1 (Ctrl+%2)</source>
        <translation>%1 (Strg+%2)</translation>
    </message>
    <message>
        <source>No warnings</source>
        <translation>Keine Warnungen</translation>
    </message>
    <message numerus="yes">
        <source>%n warning(s), the last: %1</source>
        <translation>
            <numerusform>Eine Warnung: %1</numerusform>
            <numerusform>%n Warnungen, die letzte: %1</numerusform>
        </translation>
    </message>
    <message>
        <source>Newest checkpoint: %1</source>
        <translation>Neuester Checkpoint: %1</translation>
    </message>
    <message>
        <source>No checkpoint yet</source>
        <translation>Noch kein Checkpoint</translation>
    </message>
    <message>
        <source>The model is written: %1</source>
        <translation>Modell geschrieben: %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::SamplingPanel</name>
    <message>
        <source>Te&amp;mperature</source>
        <translation>&amp;Temperatur</translation>
    </message>
    <message>
        <source>How freely tokens are drawn; 0 always takes the likeliest.</source>
        <translation>Wie frei Token gezogen werden; 0 nimmt immer das wahrscheinlichste.</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>Top-&amp;k</source>
        <translation>Top-&amp;k</translation>
    </message>
    <message>
        <source>Only so many of the likeliest tokens; 0 is off.</source>
        <translation>Nur so viele der wahrscheinlichsten Token; 0 schaltet ab.</translation>
    </message>
    <message>
        <source>&amp;Top-p</source>
        <translation>Top-&amp;p</translation>
    </message>
    <message>
        <source>Only the likeliest tokens that have this probability together; 1 is off.</source>
        <translation>Nur die wahrscheinlichsten Token, die zusammen diese Wahrscheinlichkeit haben; 1 schaltet ab.</translation>
    </message>
    <message>
        <source>Mi&amp;n-p</source>
        <translation>&amp;Min-p</translation>
    </message>
    <message>
        <source>Only tokens with this share of the likeliest one&apos;s probability; 0 is off.</source>
        <translation>Nur Token mit diesem Anteil an der Wahrscheinlichkeit des wahrscheinlichsten; 0 schaltet ab.</translation>
    </message>
    <message>
        <source>Repe&amp;at penalty</source>
        <translation>&amp;Wiederholungsstrafe</translation>
    </message>
    <message>
        <source>Makes tokens of the last 64 less likely; 1 is off.</source>
        <translation>Macht Token der letzten 64 unwahrscheinlicher; 1 schaltet ab.</translation>
    </message>
    <message>
        <source>always the likeliest token</source>
        <translation>immer das wahrscheinlichste Token</translation>
    </message>
    <message>
        <source>temperature %1</source>
        <translation>Temperatur %1</translation>
    </message>
    <message>
        <source>, top-k %1</source>
        <translation>, Top-k %1</translation>
    </message>
    <message>
        <source>, top-p %1</source>
        <translation>, Top-p %1</translation>
    </message>
    <message>
        <source>, min-p %1</source>
        <translation>, Min-p %1</translation>
    </message>
    <message>
        <source>, repeat penalty %1</source>
        <translation>, Wiederholungsstrafe %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::SchedulePage</name>
    <message>
        <source>Schedule</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>&amp;Preset</source>
        <translation>V&amp;orlage</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>change tokens</source>
        <translation>Token ändern</translation>
    </message>
    <message>
        <source>&amp;Add a step</source>
        <translation>Schritt &amp;hinzufügen</translation>
    </message>
    <message>
        <source>Rem&amp;ove</source>
        <translation>Ent&amp;fernen</translation>
    </message>
    <message>
        <source>Remove this step</source>
        <translation>Diesen Schritt entfernen</translation>
    </message>
    <message>
        <source>&amp;Kind</source>
        <translation>A&amp;rt</translation>
    </message>
    <message>
        <source>Align</source>
        <translation>Angleichen</translation>
    </message>
    <message>
        <source>Distill</source>
        <translation>Destillieren</translation>
    </message>
    <message>
        <source>Extend</source>
        <translation>Erweitern</translation>
    </message>
    <message>
        <source>&amp;Tokens</source>
        <translation>&amp;Token</translation>
    </message>
    <message>
        <source>&amp;Window</source>
        <translation>Fe&amp;nster</translation>
    </message>
    <message>
        <source>Batc&amp;h</source>
        <translation>&amp;Batch</translation>
    </message>
    <message>
        <source>&amp;Micro-batch</source>
        <translation>&amp;Mikro-Batch</translation>
    </message>
    <message>
        <source>&amp;Loss</source>
        <translation>&amp;Verlust</translation>
    </message>
    <message>
        <source>Trai&amp;n</source>
        <translation>Trainiert wir&amp;d</translation>
    </message>
    <message>
        <source>the same</source>
        <translation>dasselbe</translation>
    </message>
    <message>
        <source>Lea&amp;rning rate</source>
        <translation>&amp;Lernrate</translation>
    </message>
    <message>
        <source>Final rat&amp;e</source>
        <translation>&amp;Endrate</translation>
    </message>
    <message>
        <source>Mixers&apos; rate</source>
        <translation>Rate der Mixer</translation>
    </message>
    <message>
        <source>Mixers&apos; final</source>
        <translation>Endrate der Mixer</translation>
    </message>
    <message>
        <source>&amp;Curve</source>
        <translation>&amp;Kurve</translation>
    </message>
    <message>
        <source>Constant</source>
        <translation>Konstant</translation>
    </message>
    <message>
        <source>Cosine</source>
        <translation>Kosinus</translation>
    </message>
    <message>
        <source>Linear</source>
        <translation>Linear</translation>
    </message>
    <message>
        <source>Exponential</source>
        <translation>Exponentiell</translation>
    </message>
    <message>
        <source>1 − √</source>
        <translation>1 − √</translation>
    </message>
    <message>
        <source>Fall from</source>
        <translation>Fällt ab</translation>
    </message>
    <message>
        <source>Fall until</source>
        <translation>Fällt bis</translation>
    </message>
    <message>
        <source>Warm-&amp;up</source>
        <translation>Anla&amp;uf</translation>
    </message>
    <message>
        <source>Adam beta 1</source>
        <translation>Adam-Beta 1</translation>
    </message>
    <message>
        <source>Adam beta 2</source>
        <translation>Adam-Beta 2</translation>
    </message>
    <message>
        <source>Adam epsilon</source>
        <translation>Adam-Epsilon</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>Gewichtsabnahme</translation>
    </message>
    <message>
        <source>Gradient clip</source>
        <translation>Gradientengrenze</translation>
    </message>
    <message>
        <source>Opt&amp;imizer</source>
        <translation>Opt&amp;imierer</translation>
    </message>
    <message>
        <source>Choose a preset</source>
        <translation>Vorlage wählen</translation>
    </message>
    <message>
        <source>Step %1: %2</source>
        <translation>Schritt %1: %2</translation>
    </message>
    <message>
        <source>Automatic: L2</source>
        <translation>Automatisch: L2</translation>
    </message>
    <message>
        <source>L2 distance</source>
        <translation>L2-Abstand</translation>
    </message>
    <message>
        <source>Squared distance</source>
        <translation>Quadratischer Abstand</translation>
    </message>
    <message>
        <source>Automatic: KL</source>
        <translation>Automatisch: KL</translation>
    </message>
    <message>
        <source>KL divergence</source>
        <translation>KL-Divergenz</translation>
    </message>
    <message>
        <source>Automatic: next token</source>
        <translation>Automatisch: nächstes Token</translation>
    </message>
    <message>
        <source>Next token</source>
        <translation>Nächstes Token</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alles</translation>
    </message>
    <message>
        <source>Mixers alone</source>
        <translation>Nur die Mixer</translation>
    </message>
    <message>
        <source>Decay alone</source>
        <translation>Nur der Zerfall</translation>
    </message>
    <message>
        <source>add a step</source>
        <translation>Schritt hinzufügen</translation>
    </message>
    <message>
        <source>remove a step</source>
        <translation>Schritt entfernen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::ScheduleView</name>
    <message>
        <source>Steps over time, and the learning rate</source>
        <translation>Schritte über der Zeit, und die Lernrate</translation>
    </message>
    <message>
        <source>There are no steps.</source>
        <translation>Es gibt keine Schritte.</translation>
    </message>
    <message>
        <source>Step %1 of %2, %3, %4 tokens.</source>
        <translation>Schritt %1 von %2, %3, %4 Token.</translation>
    </message>
    <message>
        <source>There are no steps yet: choose a preset, or add one.</source>
        <translation>Noch gibt es keine Schritte: Wählen Sie eine Vorlage, oder fügen Sie einen hinzu.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>Wie die Arbeitsumgebung</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language, from the next start on</source>
        <translation>Sprache, ab dem nächsten Start</translation>
    </message>
    <message>
        <source>Smoothing of new charts</source>
        <translation>Glättung neuer Diagramme</translation>
    </message>
    <message>
        <source>Cost of this machine per hour</source>
        <translation>Kosten dieses Rechners je Stunde</translation>
    </message>
    <message>
        <source>$ </source>
        <translation>$ </translation>
    </message>
    <message>
        <source>not estimated</source>
        <translation>nicht geschätzt</translation>
    </message>
    <message>
        <source>Folder for plans</source>
        <translation>Ordner für Pläne</translation>
    </message>
    <message>
        <source>&amp;Tell me when a run ends or needs attention</source>
        <translation>&amp;Melden, wenn ein Lauf endet oder Aufmerksamkeit braucht</translation>
    </message>
    <message>
        <source>Tell me when a run ends or needs attention</source>
        <translation>Melden, wenn ein Lauf endet oder Aufmerksamkeit braucht</translation>
    </message>
    <message>
        <source>Start the &amp;engine on this computer when it does not run</source>
        <translation>&amp;Engine auf diesem Rechner starten, wenn sie nicht läuft</translation>
    </message>
    <message>
        <source>Start the engine on this computer when it does not run</source>
        <translation>Engine auf diesem Rechner starten, wenn sie nicht läuft</translation>
    </message>
    <message>
        <source>&amp;Colours:</source>
        <translation>&amp;Farben:</translation>
    </message>
    <message>
        <source>&amp;Language (from the next start on):</source>
        <translation>Sp&amp;rache (ab dem nächsten Start):</translation>
    </message>
    <message>
        <source>S&amp;moothing of new charts:</source>
        <translation>&amp;Glättung neuer Diagramme:</translation>
    </message>
    <message>
        <source>C&amp;ost per hour:</source>
        <translation>&amp;Kosten je Stunde:</translation>
    </message>
    <message>
        <source>&amp;Folder for plans:</source>
        <translation>&amp;Ordner für Pläne:</translation>
    </message>
</context>
<context>
    <name>radlads::ui::SourceRow</name>
    <message>
        <source>The demo&apos;s stories (%1)</source>
        <translation>Die Geschichten der Demo (%1)</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>jsonl</source>
        <translation>jsonl</translation>
    </message>
    <message>
        <source>binidx</source>
        <translation>binidx</translation>
    </message>
    <message>
        <source>key</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>change the format</source>
        <translation>Format ändern</translation>
    </message>
    <message>
        <source>change the text key</source>
        <translation>Textschlüssel ändern</translation>
    </message>
    <message>
        <source>Share of %1</source>
        <translation>Anteil von %1</translation>
    </message>
    <message>
        <source>Share of %1 in percent</source>
        <translation>Anteil von %1 in Prozent</translation>
    </message>
    <message>
        <source>Format of %1</source>
        <translation>Format von %1</translation>
    </message>
    <message>
        <source>Key of the text in %1</source>
        <translation>Schlüssel des Texts in %1</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>%1 entfernen</translation>
    </message>
    <message>
        <source>Remove this source</source>
        <translation>Diese Quelle entfernen</translation>
    </message>
</context>
<context>
    <name>radlads::ui::StatusLine</name>
    <message>
        <source>Connecting to %1…</source>
        <translation>Verbinden mit %1…</translation>
    </message>
    <message>
        <source>%1 × %2</source>
        <translation>%1 × %2</translation>
    </message>
    <message>
        <source>%1 memory in use</source>
        <translation>%1 Speicher belegt</translation>
    </message>
    <message>
        <source>%1 free</source>
        <translation>%1 frei</translation>
    </message>
    <message>
        <source>%1 running, %2 queued</source>
        <translation>%1 laufen, %2 warten</translation>
    </message>
    <message>
        <source>%1 is not connected</source>
        <translation>%1 ist nicht verbunden</translation>
    </message>
    <message>
        <source>%1 is connected</source>
        <translation>%1 ist verbunden</translation>
    </message>
</context>
<context>
    <name>radlads::ui::StudentCard</name>
    <message>
        <source>shift</source>
        <translation>Verschiebung</translation>
    </message>
    <message>
        <source>decays and erases</source>
        <translation>zerfällt und löscht</translation>
    </message>
    <message>
        <source>decays</source>
        <translation>zerfällt</translation>
    </message>
</context>
<context>
    <name>radlads::ui::StudentPage</name>
    <message>
        <source>it has no rotary positions in this layer</source>
        <translation>es kennt in dieser Schicht keine Rotationspositionen</translation>
    </message>
    <message>
        <source>it knows this layer with group norm alone</source>
        <translation>es kennt diese Schicht nur mit Gruppennorm</translation>
    </message>
    <message>
        <source>it has no biases of q, k and v in this layer, which this teacher brings</source>
        <translation>es kennt in dieser Schicht keine Bias-Werte von q, k und v, die dieser Lehrer mitbringt</translation>
    </message>
    <message>
        <source>it knows this layer balanced alone</source>
        <translation>es kennt diese Schicht nur balanciert</translation>
    </message>
    <message>
        <source>it knows this layer without a low-rank gate alone</source>
        <translation>es kennt diese Schicht nur ohne Low-Rank-Gate</translation>
    </message>
    <message>
        <source>it has no norm of q and k in this layer</source>
        <translation>es kennt in dieser Schicht keine Norm von q und k</translation>
    </message>
    <message>
        <source>Student</source>
        <translation>Schüler</translation>
    </message>
    <message>
        <source>RAD-RWKV&amp;7 “RADGoose”</source>
        <translation>RAD-RWKV&amp;7 „RADGoose“</translation>
    </message>
    <message>
        <source>RAD-RWKV&amp;6 “RADFinch”</source>
        <translation>RAD-RWKV&amp;6 „RADFinch“</translation>
    </message>
    <message>
        <source>Layers that &amp;keep softmax attention</source>
        <translation>Schichten, die Softmax-Attention &amp;behalten</translation>
    </message>
    <message>
        <source>&amp;Variant</source>
        <translation>&amp;Variante</translation>
    </message>
    <message>
        <source>&amp;RoPE</source>
        <translation>&amp;RoPE</translation>
    </message>
    <message>
        <source>&amp;Gate</source>
        <translation>&amp;Gate</translation>
    </message>
    <message>
        <source>Token &amp;shift</source>
        <translation>&amp;Token-Verschiebung</translation>
    </message>
    <message>
        <source>Rank of the &amp;decay</source>
        <translation>Rang &amp;des Zerfalls</translation>
    </message>
    <message>
        <source>Rank of the learning rate</source>
        <translation>Rang der Lernrate</translation>
    </message>
    <message>
        <source>Rank of the value mix</source>
        <translation>Rang der Wertmischung</translation>
    </message>
    <message>
        <source>Rank of the gate</source>
        <translation>Rang des Gates</translation>
    </message>
    <message>
        <source>Rank of the token shift</source>
        <translation>Rang der Token-Verschiebung</translation>
    </message>
    <message>
        <source>&amp;Advanced</source>
        <translation>&amp;Erweitert</translation>
    </message>
    <message>
        <source>choose the student</source>
        <translation>den Schüler wählen</translation>
    </message>
    <message>
        <source>choose the layers that stay</source>
        <translation>die bleibenden Schichten wählen</translation>
    </message>
    <message>
        <source>State: %1 a sequence, however long.</source>
        <translation>Zustand: %1 je Sequenz, egal wie lang.</translation>
    </message>
    <message>
        <source>State: %1 a sequence; layers with a growing cache: %2.</source>
        <translation>Zustand: %1 je Sequenz; Schichten mit wachsendem Cache: %2.</translation>
    </message>
    <message>
        <source>State: the same size however long the text.</source>
        <translation>Zustand: gleich groß, wie lang der Text auch ist.</translation>
    </message>
    <message>
        <source>Paper, 7B: 92.4 % of the teacher&apos;s MMLU, 98.2 % of LAMBADA.</source>
        <translation>Paper, 7B: 92,4 % der MMLU des Lehrers, 98,2 % von LAMBADA.</translation>
    </message>
    <message>
        <source>Paper, 7B: 87.1 % of the teacher&apos;s MMLU, 97.0 % of LAMBADA.</source>
        <translation>Paper, 7B: 87,1 % der MMLU des Lehrers, 97,0 % von LAMBADA.</translation>
    </message>
    <message>
        <source>Runs here and in transformers; llama.cpp has this layer.</source>
        <translation>Läuft hier und in transformers; llama.cpp hat diese Schicht.</translation>
    </message>
    <message>
        <source>Runs here and in transformers; not in llama.cpp: %1.</source>
        <translation>Läuft hier und in transformers; nicht in llama.cpp: %1.</translation>
    </message>
    <message>
        <source>L linear: %1 · S softmax attention: %2. Arrow keys move, the space bar changes.</source>
        <translation>L linear: %1 · S Softmax-Attention: %2. Pfeiltasten bewegen, die Leertaste ändert.</translation>
    </message>
    <message>
        <source>Automatic: group norm</source>
        <translation>Automatisch: Gruppennorm</translation>
    </message>
    <message>
        <source>Automatic: balanced</source>
        <translation>Automatisch: balanciert</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>Balanciert</translation>
    </message>
    <message>
        <source>Group norm</source>
        <translation>Gruppennorm</translation>
    </message>
    <message>
        <source>Automatic: on</source>
        <translation>Automatisch: ein</translation>
    </message>
    <message>
        <source>Automatic: off</source>
        <translation>Automatisch: aus</translation>
    </message>
    <message>
        <source>On</source>
        <translation>Ein</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Automatic: low rank</source>
        <translation>Automatisch: Low-Rank</translation>
    </message>
    <message>
        <source>Automatic: full</source>
        <translation>Automatisch: voll</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Full</source>
        <translation>Voll</translation>
    </message>
    <message>
        <source>Low rank</source>
        <translation>Low-Rank</translation>
    </message>
    <message>
        <source>RAD-RWKV7 has none</source>
        <translation>RAD-RWKV7 hat keine</translation>
    </message>
    <message>
        <source>Layer %1 is to keep its attention, but the teacher has %2 layers</source>
        <translation>Schicht %1 soll ihre Attention behalten, aber der Lehrer hat %2 Schichten</translation>
    </message>
</context>
<context>
    <name>radlads::ui::TeacherCard</name>
    <message>
        <source>The demo&apos;s teacher</source>
        <translation>Der Lehrer der Demo</translation>
    </message>
    <message>
        <source>A small model that comes with this program.</source>
        <translation>Ein kleines Modell, das diesem Programm beiliegt.</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>Architektur</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>%1, %2 wide</source>
        <translation>%1, Breite %2</translation>
    </message>
    <message>
        <source>Heads</source>
        <translation>Köpfe</translation>
    </message>
    <message>
        <source>%1 of %2 (%3 kv)</source>
        <translation>%1 von %2 (%3 kv)</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>Vokabular</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>Kontext</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>Gespeichert als</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>as this program</source>
        <translation>wie dieses Programm</translation>
    </message>
    <message>
        <source>no licence file found</source>
        <translation>keine Lizenzdatei gefunden</translation>
    </message>
    <message>
        <source>Reading the model…</source>
        <translation>Das Modell wird gelesen…</translation>
    </message>
    <message>
        <source>This model can be converted.</source>
        <translation>Dieses Modell kann umgewandelt werden.</translation>
    </message>
    <message>
        <source>This model can be converted. %1</source>
        <translation>Dieses Modell kann umgewandelt werden. %1</translation>
    </message>
    <message>
        <source>This model cannot be converted: %1</source>
        <translation>Dieses Modell kann nicht umgewandelt werden: %1</translation>
    </message>
</context>
<context>
    <name>radlads::ui::TeacherPage</name>
    <message>
        <source>comes with the program</source>
        <translation>liegt dem Programm bei</translation>
    </message>
    <message>
        <source>Hugging Face cache</source>
        <translation>Hugging-Face-Cache</translation>
    </message>
    <message>
        <source>downloaded here</source>
        <translation>hier heruntergeladen</translation>
    </message>
    <message>
        <source>made by a run</source>
        <translation>aus einem Lauf</translation>
    </message>
    <message>
        <source>used before</source>
        <translation>schon benutzt</translation>
    </message>
    <message>
        <source>Teacher</source>
        <translation>Lehrer</translation>
    </message>
    <message>
        <source>Drop a model folder or a GGUF file here, or</source>
        <translation>Ziehen Sie einen Modellordner oder eine GGUF-Datei hierher, oder</translation>
    </message>
    <message>
        <source>B&amp;rowse…</source>
        <translation>&amp;Durchsuchen…</translation>
    </message>
    <message>
        <source>Browse for a model</source>
        <translation>Nach einem Modell suchen</translation>
    </message>
    <message>
        <source>Model &amp;folder…</source>
        <translation>Modell&amp;ordner…</translation>
    </message>
    <message>
        <source>&amp;GGUF file…</source>
        <translation>&amp;GGUF-Datei…</translation>
    </message>
    <message>
        <source>&amp;Models on this computer</source>
        <translation>&amp;Modelle auf diesem Rechner</translation>
    </message>
    <message>
        <source>Models on this computer</source>
        <translation>Modelle auf diesem Rechner</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Download by &amp;name</source>
        <translation>Mit &amp;Namen herunterladen</translation>
    </message>
    <message>
        <source>Name of the model to download</source>
        <translation>Name des Modells, das heruntergeladen wird</translation>
    </message>
    <message>
        <source>&amp;Download</source>
        <translation>&amp;Herunterladen</translation>
    </message>
    <message>
        <source>Download the model</source>
        <translation>Modell herunterladen</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Abb&amp;rechen</translation>
    </message>
    <message>
        <source>Cancel the download</source>
        <translation>Herunterladen abbrechen</translation>
    </message>
    <message>
        <source>The demo&apos;s teacher</source>
        <translation>Der Lehrer der Demo</translation>
    </message>
    <message>
        <source>%1 (GGUF)</source>
        <translation>%1 (GGUF)</translation>
    </message>
    <message>
        <source>choose the teacher</source>
        <translation>den Lehrer wählen</translation>
    </message>
    <message>
        <source>Choose a GGUF file</source>
        <translation>GGUF-Datei wählen</translation>
    </message>
    <message>
        <source>Choose a model folder</source>
        <translation>Modellordner wählen</translation>
    </message>
    <message>
        <source>GGUF models (*.gguf)</source>
        <translation>GGUF-Modelle (*.gguf)</translation>
    </message>
    <message>
        <source>Asking for %1…</source>
        <translation>%1 wird angefragt…</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source> · %1/s</source>
        <translation> · %1/s</translation>
    </message>
    <message>
        <source> · %1 left</source>
        <translation> · noch %1</translation>
    </message>
    <message>
        <source>Wait until the present download or conversion has ended</source>
        <translation>Warten Sie, bis das laufende Herunterladen oder Umwandeln beendet ist</translation>
    </message>
    <message>
        <source>Cancel the conversion</source>
        <translation>Umwandlung abbrechen</translation>
    </message>
    <message>
        <source>Converting the GGUF file…</source>
        <translation>Die GGUF-Datei wird umgewandelt…</translation>
    </message>
    <message>
        <source>%1 · %2</source>
        <translation>%1 · %2</translation>
    </message>
</context>
<context>
    <name>radlads::ui::TryPage</name>
    <message>
        <source>Teacher</source>
        <translation>Lehrer</translation>
    </message>
    <message>
        <source>Student</source>
        <translation>Schüler</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>Prompt</translation>
    </message>
    <message>
        <source>Write the beginning of a text; both models go on from there.</source>
        <translation>Schreiben Sie den Anfang eines Texts; beide Modelle setzen ihn fort.</translation>
    </message>
    <message>
        <source>&amp;Generate</source>
        <translation>Er&amp;zeugen</translation>
    </message>
    <message>
        <source>Sto&amp;p</source>
        <translation>A&amp;nhalten</translation>
    </message>
    <message>
        <source>Sample stor&amp;y</source>
        <translation>&amp;Beispielgeschichte</translation>
    </message>
    <message>
        <source>Both models go on from the prompt (Ctrl+Enter)</source>
        <translation>Beide Modelle setzen den Prompt fort (Strg+Eingabe)</translation>
    </message>
    <message>
        <source>Stops both models (Esc)</source>
        <translation>Hält beide Modelle an (Esc)</translation>
    </message>
    <message>
        <source>Puts the opening of a story that the demo&apos;s teacher knows into the prompt</source>
        <translation>Setzt den Anfang einer Geschichte, die der Lehrer der Demo kennt, in den Prompt</translation>
    </message>
    <message>
        <source>Another seed: other draws</source>
        <translation>Anderer Startwert: andere Ziehungen</translation>
    </message>
    <message>
        <source>Tokens to generate at most</source>
        <translation>Höchstzahl der erzeugten Token</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Another seed</source>
        <translation>Anderer Startwert</translation>
    </message>
    <message>
        <source>Sampling options</source>
        <translation>Optionen der Ziehung</translation>
    </message>
    <message>
        <source>T&amp;okens</source>
        <translation>T&amp;oken</translation>
    </message>
    <message>
        <source>See&amp;d</source>
        <translation>Sta&amp;rtwert</translation>
    </message>
    <message>
        <source>The run has not started. The student answers once its first checkpoint is written.</source>
        <translation>Der Lauf hat noch nicht begonnen. Der Schüler antwortet, sobald der erste Checkpoint geschrieben ist.</translation>
    </message>
    <message>
        <source>The run waits in the queue. The student answers once its first checkpoint is written.</source>
        <translation>Der Lauf steht in der Warteschlange. Der Schüler antwortet, sobald der erste Checkpoint geschrieben ist.</translation>
    </message>
    <message>
        <source>The student answers once the run has written its first checkpoint, which is when its data is prepared.</source>
        <translation>Der Schüler antwortet, sobald der Lauf seinen ersten Checkpoint geschrieben hat; das geschieht, wenn die Daten vorbereitet sind.</translation>
    </message>
    <message>
        <source>The run ended before it had a model. Resume it to get a student.</source>
        <translation>Der Lauf endete, bevor er ein Modell hatte. Setzen Sie ihn fort, um einen Schüler zu erhalten.</translation>
    </message>
    <message>
        <source>The prompt has %1; at most %2 can be sent. Shorten it.</source>
        <translation>Der Prompt hat %1; höchstens %2 können gesendet werden. Kürzen Sie ihn.</translation>
    </message>
    <message>
        <source>The connection to the engine was lost; the text so far is kept.</source>
        <translation>Die Verbindung zur Engine ging verloren; der bisherige Text bleibt.</translation>
    </message>
    <message>
        <source>No answer: %1</source>
        <translation>Keine Antwort: %1</translation>
    </message>
    <message>
        <source>Choose a run on the left.</source>
        <translation>Wählen Sie links einen Lauf.</translation>
    </message>
    <message>
        <source>This run trains a model from nothing: there is no teacher.</source>
        <translation>Dieser Lauf trainiert ein Modell von Grund auf: Es gibt keinen Lehrer.</translation>
    </message>
    <message>
        <source>%1 · unfinished: its checkpoint of %2, step %3 of %4</source>
        <translation>%1 · unfertig: sein Checkpoint von %2, Schritt %3 von %4</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>Ziehung</translation>
    </message>
    <message>
        <source>built in</source>
        <translation>eingebaut</translation>
    </message>
</context>
<context>
    <name>radlads::ui::WelcomePage</name>
    <message>
        <source>Radlads Studio</source>
        <translation>Radlads Studio</translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation>Willkommen</translation>
    </message>
    <message>
        <source>Try the &amp;demo (2 min)</source>
        <translation>De&amp;mo ausprobieren (2 min)</translation>
    </message>
    <message>
        <source>&amp;New conversion</source>
        <translation>&amp;Neue Umwandlung</translation>
    </message>
    <message>
        <source>Choose a run on the left to watch it, or two or more to compare them.</source>
        <translation>Wählen Sie links einen Lauf, um ihn zu beobachten, oder zwei und mehr, um sie zu vergleichen.</translation>
    </message>
    <message>
        <source>This program converts a language model with softmax attention into one with linear attention, whose memory stays the same however long the text is. It needs the model, some text and a few hundred million tokens of training; the demo shows the whole way with a small model that is built in.</source>
        <translation>Dieses Programm wandelt ein Sprachmodell mit Softmax-Attention in eines mit linearer Attention um, dessen Speicher gleich groß bleibt, wie lang der Text auch ist. Es braucht das Modell, etwas Text und einige hundert Millionen Token Training; die Demo zeigt den ganzen Weg mit einem kleinen, eingebauten Modell.</translation>
    </message>
</context>
<context>
    <name>radlads::ui::WizardModel</name>
    <message>
        <source>Use micro-batches of %1</source>
        <translation>Mikro-Batches von %1 verwenden</translation>
    </message>
    <message>
        <source>Use micro-batches of 1 on one thread</source>
        <translation>Mikro-Batches von 1 auf einem Thread verwenden</translation>
    </message>
    <message>
        <source>Use windows of at most %1 tokens</source>
        <translation>Fenster von höchstens %1 Token verwenden</translation>
    </message>
    <message>
        <source>choose preset</source>
        <translation>Vorlage wählen</translation>
    </message>
    <message>
        <source>reset a value</source>
        <translation>Wert zurücksetzen</translation>
    </message>
</context>
</TS>
