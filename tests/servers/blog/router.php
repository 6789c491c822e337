<?php
/** What the rewrite rules of a web server do: a file is served as it is, all else is WordPress' to answer. */
if (is_file(__DIR__ . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH))) {
    return false;
}
error_log("{$_SERVER['REQUEST_METHOD']} {$_SERVER['REQUEST_URI']}"); // PHP writes no such line for a router's answers
$_SERVER['SCRIPT_NAME'] = '/index.php';
require __DIR__ . '/index.php';
