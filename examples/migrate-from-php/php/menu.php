<?php
// The old menu, in TwiML. Each step asks this script again, with the digit that was pressed.
$digit = $_POST['Digits'] ?? $_GET['Digits'] ?? '';
$office = htmlspecialchars($_GET['office'] ?? '', ENT_XML1 | ENT_QUOTES);

header('Content-Type: text/xml');
echo '<?xml version="1.0" encoding="UTF-8"?>', "\n";
if ($digit === '1') {
    echo '<Response><Dial>1001</Dial></Response>';
} elseif ($digit !== '') {
    echo '<Response><Redirect>menu.php</Redirect></Response>';
} else {
    echo '<Response><Gather numDigits="1" action="menu.php?office=', $office, '"><Say>For support, press one.</Say></Gather></Response>';
}
