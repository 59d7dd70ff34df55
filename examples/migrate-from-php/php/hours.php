<?php
// The old script: the reception rings on weekdays from nine to half past five, at other times callers reach voicemail.
// PIVOT_NOW is a moment for tests; without it, it is now.
date_default_timezone_set('Europe/London');
$now = new DateTimeImmutable(getenv('PIVOT_NOW') ?: 'now');

$weekday = (int) $now->format('N');           // 1 is Monday
$minute = 60 * (int) $now->format('G') + (int) $now->format('i');
$open = $weekday <= 5 && $minute >= 9 * 60 && $minute < 17 * 60 + 30;

$voicemail = ['module' => 'voicemail', 'data' => ['id' => '7b1e3d52c6a94f0eb4d2a9c8e5f60137']];
$ring = [
    'module' => 'device',
    'data' => ['id' => '0a4cf9b16dd04f3c8a8f0d6c1f7be9d2', 'timeout' => 20],
    'children' => ['_' => $voicemail],
];

header('Content-Type: application/json');
echo json_encode($open ? $ring : $voicemail);
