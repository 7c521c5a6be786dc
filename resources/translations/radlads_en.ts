<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>radlads::ui::Chart</name>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>and %n more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::FilesPage</name>
    <message numerus="yes">
        <source>%n file(s), %1 together</source>
        <translation>
            <numerusform>one file, %1</numerusform>
            <numerusform>%n files, %1 together</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::MainWindow</name>
    <message numerus="yes">
        <source>Delete %n run(s)?</source>
        <translation>
            <numerusform>Delete one run?</numerusform>
            <numerusform>Delete %n runs?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunHeader</name>
    <message numerus="yes">
        <source>%n rollback(s)</source>
        <translation>
            <numerusform>one rollback</numerusform>
            <numerusform>%n rollbacks</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunModel</name>
    <message numerus="yes">
        <source>%1, %n run(s)</source>
        <translation>
            <numerusform>%1, one run</numerusform>
            <numerusform>%1, %n runs</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>radlads::ui::RunView</name>
    <message numerus="yes">
        <source>%n warning(s), the last: %1</source>
        <translation>
            <numerusform>One warning: %1</numerusform>
            <numerusform>%n warnings, the last: %1</numerusform>
        </translation>
    </message>
</context>
</TS>
