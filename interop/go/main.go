// sideshow/apns2, pointed at the gateway by its Host and, for the CA, by Go's SSL_CERT_FILE.
//
// The pushes of a line (a JSON array on stdin) are sent at once; their answers are a line of stdout.
package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/certificate"
	"github.com/sideshow/apns2/token"
)

type push struct {
	Token      string          `json:"token"`
	Topic      string          `json:"topic"`
	PushType   string          `json:"push_type"`
	Payload    json.RawMessage `json:"payload"`
	Priority   int             `json:"priority"`
	CollapseID string          `json:"collapse_id"`
	ApnsID     string          `json:"apns_id"`
}

type answer struct {
	Status    int    `json:"status,omitempty"`
	Reason    string `json:"reason,omitempty"`
	ApnsID    string `json:"apns_id,omitempty"`
	Timestamp int64  `json:"timestamp,omitempty"`
	Error     string `json:"error,omitempty"`
}

func newClient() *apns2.Client {
	if file := os.Getenv("APNSIM_CERTIFICATE_FILE"); file != "" {
		shown, err := certificate.FromPemFile(file, "")
		if err != nil {
			panic(err)
		}
		client := apns2.NewClient(shown)
		client.Host = os.Getenv("APNSIM_PROVIDER_URL")
		return client
	}
	key, err := token.AuthKeyFromFile(os.Getenv("APNSIM_KEY_FILE"))
	if err != nil {
		panic(err)
	}
	client := apns2.NewTokenClient(&token.Token{
		AuthKey: key,
		KeyID:   os.Getenv("APNSIM_KEY_ID"),
		TeamID:  os.Getenv("APNSIM_TEAM_ID"),
	})
	client.Host = os.Getenv("APNSIM_PROVIDER_URL")
	if proxy := os.Getenv("APNSIM_PROXY_URL"); proxy != "" {
		// Its own transport knows no proxy; net/http's does.
		through, err := url.Parse(proxy)
		if err != nil {
			panic(err)
		}
		client.HTTPClient.Transport = &http.Transport{
			Proxy:             http.ProxyURL(through),
			ForceAttemptHTTP2: true,
		}
	}
	return client
}

func send(client *apns2.Client, p push) answer {
	response, err := client.Push(&apns2.Notification{
		DeviceToken: p.Token,
		Topic:       p.Topic,
		PushType:    apns2.EPushType(p.PushType),
		Payload:     []byte(p.Payload),
		Priority:    p.Priority,
		CollapseID:  p.CollapseID,
		ApnsID:      p.ApnsID,
	})
	if err != nil {
		return answer{Error: err.Error()}
	}
	told := answer{Status: response.StatusCode, Reason: response.Reason, ApnsID: response.ApnsID}
	if gone := response.Timestamp.Time; !gone.IsZero() {
		told.Timestamp = gone.UnixNano() / int64(time.Millisecond)
	}
	return told
}

func main() {
	os.Setenv("SSL_CERT_FILE", os.Getenv("APNSIM_CA_FILE"))
	client := newClient()
	lines := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var pushes []push
		if err := json.Unmarshal(line, &pushes); err != nil {
			panic(err)
		}
		answers := make([]answer, len(pushes))
		var pending sync.WaitGroup
		for number, each := range pushes {
			pending.Add(1)
			go func(number int, each push) {
				defer pending.Done()
				answers[number] = send(client, each)
			}(number, each)
		}
		pending.Wait()
		if err := output.Encode(answers); err != nil {
			panic(err)
		}
	}
}
