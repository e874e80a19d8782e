package domain

// Setup is how far the first run of an installation got. It is kept with the
// settings, so that any browser goes on where another stopped.
type Setup struct {
	Done      []string `json:"done"` // steps, sorted
	Dismissed bool     `json:"dismissed"`
	Demo      DemoSet  `json:"demo"`
}

// DemoSet names what was made for the demo upstream; zero = nothing.
type DemoSet struct {
	Provider ProviderID `json:"provider"`
	User     UserID     `json:"user"`
	Group    GroupID    `json:"group"`
}

// IsZero tells whether there is no demo.
func (d DemoSet) IsZero() bool { return d == DemoSet{} }
