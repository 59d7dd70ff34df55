package main

// files are what the servers read, by name. Words with a $ before them are filled in.
var files = map[string]string{
	"answer.json": callflow,
	"hours.ics": `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//callhours//benchhttp//EN
BEGIN:VEVENT
UID:always
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260101
RRULE:FREQ=DAILY
SUMMARY:Open
END:VEVENT
END:VCALENDAR
`,
	"holidays.ics": `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//callhours//benchhttp//EN
BEGIN:VEVENT
UID:new-year
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260101
RRULE:FREQ=YEARLY
SUMMARY:New Year's Day
END:VEVENT
END:VCALENDAR
`,
	"front-desk.json.tmpl": `{"module":"device","data":{"id":"{{ .Data.front_desk }}"},"children":{"_":{"module":"voicemail","data":{"id":"{{ .Data.voicemail }}"}}}}`,
	"name.json.tmpl": `{"module":"set_cid","data":{"caller_id_name":"Desk: {{ .Call.CallerName }}"},
"children":{"_":{"module":"device","data":{"id":"{{ .Data.front_desk }}"},"children":{"_":{"module":"voicemail","data":{"id":"{{ .Data.voicemail }}"}}}}}}`,
	// Half a millisecond of rendering or so, so that a generator on the same machine can offer
	// several times what is answered.
	"slow.json.tmpl": `{{ $n := 0 }}{{ range until 200 }}{{ $n = add $n (len $.Call.CallerName) }}{{ end -}}
{"module":"set_cid","data":{"caller_id_name":"Desk: {{ .Call.CallerName }} {{ $n }}"},"children":{"_":{"module":"voicemail","data":{"id":"{{ .Data.voicemail }}"}}}}`,
	"callhours.yaml": configuration,
	"silent.yaml":    configuration + "log: {calls: faults}\n",

	// It takes a POST for a file by an error page. It writes no log.
	"nginx.conf": `daemon off;
worker_processes $WORKERS;
pid $DIR/nginx.pid;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	types { application/json json; }
	client_body_temp_path $DIR/body;
	proxy_temp_path $DIR/proxy;
	fastcgi_temp_path $DIR/fastcgi;
	uwsgi_temp_path $DIR/uwsgi;
	scgi_temp_path $DIR/scgi;
	upstream php {
		server unix:$DIR/php.sock;
		keepalive $KEPT;
	}
	server {
		listen $LISTEN;
		root $DIR;
		error_page 405 =200 $uri;
		location ~ \.php$ {
			fastcgi_pass php;
			fastcgi_keep_conn on;
			fastcgi_param SCRIPT_FILENAME $DIR/pivot.php;
			fastcgi_param REQUEST_METHOD $request_method;
			fastcgi_param QUERY_STRING $query_string;
			fastcgi_param CONTENT_TYPE $content_type;
			fastcgi_param CONTENT_LENGTH $content_length;
			fastcgi_param REQUEST_URI $request_uri;
			fastcgi_param SERVER_PROTOCOL $server_protocol;
			fastcgi_param REMOTE_ADDR $remote_addr;
		}
	}
}
`,
	// As many children as nginx may keep connections: with fewer, some would starve.
	"php-fpm.conf": `[global]
error_log = /dev/stderr
daemonize = no
[www]
listen = $DIR/php.sock
listen.backlog = 1024
pm = static
pm.max_children = $CHILDREN
catch_workers_output = no
php_admin_flag[opcache.enable] = on
`,
	// A script as people write it for Pivot: the hours of a week in a table, a few holidays,
	// the answer by the time of day.
	"pivot.php": `<?php
$hours = [];
for ($day = 1; $day <= 7; $day++) {
    $hours[$day] = [[0, 720], [720, 1440]];
}
$holidays = ['01-01' => "New Year's Day", '07-04' => 'Independence Day', '12-25' => 'Christmas Day'];
$desk = '` + desk + `';
$box = '` + voicemail + `';

date_default_timezone_set('America/New_York');
header('Content-Type: application/json');
$day = (int) date('N');
$minute = 60 * (int) date('G') + (int) date('i');
$today = date('m-d');
$voicemail = ['module' => 'voicemail', 'data' => ['id' => $box]];

$open = false;
foreach ($hours[$day] as [$from, $to]) {
    if ($from <= $minute && $minute < $to) {
        $open = true;
    }
}
if (isset($holidays[$today]) && !isset($_GET['open_on_holidays'])) {
    error_log('holiday for ' . ($_POST['Caller-ID-Number'] ?? 'unknown'));
    $open = $open && $today !== '12-25';
}
if ($open) {
    $flow = ['module' => 'device', 'data' => ['id' => $desk], 'children' => ['_' => $voicemail]];
} else {
    $flow = $voicemail;
}
echo json_encode($flow);
`,
}

// configuration has the default of every setting that has one, but of how long stopping takes.
const configuration = `listen: "$LISTEN"
drain: 10ms
admin_listen: "127.0.0.1:0"
timezone: America/New_York
templates: .
calendars:
  hours: {file: hours.ics}
  holidays: {file: holidays.ics}
routes:
  - name: front-desk
    plan: office
    calendars: {hours: hours, closures: [holidays]}
    data: {front_desk: ` + desk + `, voicemail: ` + voicemail + `}
    answers: {open: front-desk}
  - name: name
    plan: office
    calendars: {hours: hours, closures: [holidays]}
    data: {front_desk: ` + desk + `, voicemail: ` + voicemail + `}
    answers: {open: name}
  - name: slow
    plan: office
    calendars: {hours: hours, closures: [holidays]}
    data: {front_desk: ` + desk + `, voicemail: ` + voicemail + `}
    answers: {open: slow}
`
