// Package listen is everything between the network and the handlers of callhours' two listeners:
// the Pivot listener, where Kazoo asks, and the admin listener, where people and Prometheus do. It
// knows nothing of calls, routes or calendars: a handler reports what became of a request, and
// reveals its owner only by yielding its connection while it waits.
//
// [Open] listens on an address, and [New] makes a [Listener] of that. It bounds how many
// connections are open, keeps their deadlines, refuses requests with too many header lines, and
// adds the headers of every answer to those that net/http writes by itself. While there are too
// many calls, it marks each call that has waited too long ([Waited]), and accepts no more than 256
// connections for each CPU. Run it beside the http.Server that accepts from it:
//
//	socket, err := listen.Open(ctx, ":8080")
//	l := listen.New(socket, listen.Options{
//		MaxConns: listen.MaxPivotConns(), Now: time.Now, OnRefuse: func() {},
//	})
//	go l.Run(ctx)
//	err = listen.NewPivotServer(handler, log, time.Now).Serve(l)
//
// A handler finds the connection of its request by [ConnOf]. While a call waits for others of the
// same owner, [Conn.Yield] gives its place to whoever needs it.
//
// Who may ask on the Pivot listener is decided by [Access] for all routes of a path, before a
// request is read, and by the [Auth] of the route that is found; both look at the [Credentials]
// that [TakeCredentials] takes out of a request, so that nothing behind it can log them.
// [AdminAuth] authenticates people on the admin listener by a web configuration of the kind that
// Prometheus' programs take, and [Certificate] encrypts the Pivot listener. Files of both are read
// again while they are in use; one that cannot be read leaves the former in use.
//
// Everything here is safe for concurrent use unless it says otherwise. Nothing starts a goroutine
// that outlives its connection but [Listener.Run], [AdminAuth.Watch] and [Certificate.Watch], which
// end with their contexts.
package listen
