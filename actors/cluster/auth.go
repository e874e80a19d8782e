package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	passHeader = "x-cch-cluster" //nolint:gosec // the name of a header
	// passFor is how far the clocks of two nodes may differ.
	passFor = 5 * time.Minute
)

// gate lets in who knows the secret of the cluster. The secret itself never
// travels: who connects shows a pass, made with it for one address and time.
type gate struct {
	secret string
	addr   string // this node's
	now    func() time.Time
}

// pass is what to show at an address.
func (g gate) pass(addr string) string {
	at := strconv.FormatInt(g.now().Unix(), 10)
	return at + "." + g.sign(addr, at)
}

func (g gate) sign(addr, at string) string {
	mac := hmac.New(sha256.New, []byte(g.secret))
	mac.Write([]byte("cch cluster\n" + addr + "\n" + at))
	return hex.EncodeToString(mac.Sum(nil))
}

// admits tells whether a pass is good here and now.
func (g gate) admits(pass string) bool {
	at, signature, _ := strings.Cut(pass, ".")
	made, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return false
	}
	if age := g.now().Sub(time.Unix(made, 0)); age > passFor || age < -passFor {
		return false
	}
	return hmac.Equal([]byte(signature), []byte(g.sign(g.addr, at)))
}

// connect shows the pass where we connect to.
func (g gate) connect(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return stream(metadata.AppendToOutgoingContext(ctx, passHeader, g.pass(conn.Target())), desc, conn, method, opts...)
}

// accept looks at the pass of who connects. What such a stream brings may still
// be of another version: the library panics over types it does not know, which
// ends the stream here and not the process.
func (g gate) accept(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	shown := metadata.ValueFromIncomingContext(stream.Context(), passHeader)
	if len(shown) != 1 || !g.admits(shown[0]) {
		return status.Error(codes.Unauthenticated, "not of this cluster: is CLUSTER_SECRET the same everywhere, and the clock?")
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = status.Error(codes.Internal, "what came cannot be read")
		}
	}()
	return handle(srv, stream)
}

// refuse is the answer to single calls: nodes make none.
func (gate) refuse(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
	return nil, status.Error(codes.Unimplemented, "nodes send messages only")
}
