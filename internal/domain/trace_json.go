package domain

// AppendJSON appends the trace as encoding/json writes it.
func (t *RouteTrace) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	t.write(&o)
	return o.close()
}

func (t *RouteTrace) write(o *object) {
	someParts(o, "guards", t.Guards)
	someParts(o, "dials", t.Dials)
}

// AppendJSON appends the step as encoding/json writes it.
func (g *GuardTime) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("name", g.Name)
	o.number("atMs", g.AtMs)
	o.number("tookMs", g.TookMs)
	return o.close()
}

// AppendJSON appends when the connection was made as encoding/json writes it.
func (d *DialTime) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("attempt", int64(d.Attempt))
	o.reached("dnsMs", d.DNSMs)
	o.reached("connectMs", d.ConnectMs)
	o.reached("tlsMs", d.TLSMs)
	return o.close()
}

// reached is a moment, left out where it was not reached.
func (o *object) reached(name string, at *int64) {
	if at != nil {
		o.number(name, *at)
	}
}
