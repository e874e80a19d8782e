package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests read deploy.ps1 without a PowerShell, which is not to be had
// everywhere: that its brackets and texts are closed, that every function is
// there and used, and that it takes and sets what deploy.sh does.

// stripPowerShell blanks texts and comments, and fails where one is not closed.
// What stands in $(…) inside a text is code and stays.
func stripPowerShell(code string) (string, error) {
	out := []byte(code)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	for i := 0; i < len(code); {
		end := 0
		switch rest := code[i:]; {
		case strings.HasPrefix(rest, "<#"):
			end = strings.Index(rest, "#>") + 2
		case rest[0] == '#' && (i == 0 || strings.ContainsRune(" \t\n", rune(code[i-1]))):
			end = strings.IndexByte(rest, '\n')
		case rest[0] == '\'':
			end = 2 + strings.IndexByte(rest[1:], '\'')
		case rest[0] == '"':
			end = textEnd(rest)
		case rest[0] == '`':
			i += 2
			continue
		default:
			i++
			continue
		}
		if end < 2 && code[i] != '#' {
			return "", fmt.Errorf("what begins at line %d has no end", 1+strings.Count(code[:i], "\n"))
		}
		blank(i, i+end)
		i += end
	}
	return string(out), nil
}

// textEnd is where a text in double quotes ends, 0 = nowhere.
func textEnd(s string) int {
	depth := 0 // of $( … )
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '`':
			i++
		case strings.HasPrefix(s[i:], "$("):
			depth++
			i++
		case s[i] == '(' && depth > 0:
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case s[i] == '"' && depth == 0:
			return i + 1
		}
	}
	return 0
}

func balanced(code string) error {
	closes := map[rune]rune{')': '(', ']': '[', '}': '{'}
	var open []rune
	for i, c := range code {
		switch c {
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != closes[c] {
				return fmt.Errorf("%c at line %d closes nothing", c, 1+strings.Count(code[:i], "\n"))
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%d brackets are not closed", len(open))
	}
	return nil
}

func script(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "scripts", name))
	require.NoError(t, err)
	return string(text)
}

func names(text, pattern string) []string {
	var list []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestPowerShellScriptIsClosedAndWhole(t *testing.T) {
	t.Parallel()
	for broken, why := range map[string]string{"a 'b": "line 1", "<# c": "line 1", "\n\"a $(b \"c\")": "line 2"} {
		_, err := stripPowerShell(broken)
		require.ErrorContains(t, err, why, broken)
	}
	require.Error(t, balanced("if (a) { b"))
	require.Error(t, balanced("a ]"))
	text := script(t, "deploy.ps1")
	code, err := stripPowerShell(text)
	require.NoError(t, err)
	require.NoError(t, balanced(code))

	functions := names(code, `(?m)^function ([A-Za-z-]+)`)
	require.Greater(t, len(functions), 10)
	for _, f := range functions {
		used := regexp.MustCompile(`\b`+regexp.QuoteMeta(f)+`\b`).FindAllString(text, -1)
		require.Greater(t, len(used), 1, "%s is never called", f)
	}
	known := append(slices.Clone(functions), "New-Object", "New-Item", "Read-Host", "Write-Host", "Get-Help", "Get-Command", "Get-Content", "Get-Date",
		"Start-Process", "Start-Sleep", "Where-Object", "Select-Object", "Join-Path", "Split-Path", "Test-Path", "Copy-Item", "Move-Item",
		"Invoke-WebRequest", "Push-Location", "Pop-Location", "Out-Null", "Set-StrictMode")
	for _, called := range names(code, `\b((?:Get|Set|New|Write|Read|Invoke|Assert|Confirm|Backup|Wait|Protect|Start|Copy|Move|Test|Join|Split|Push|Pop|Out|Where|Select)-[A-Z][A-Za-z]+)`) {
		require.Contains(t, known, called)
	}
	require.Contains(t, text, "Set-StrictMode -Version Latest")
}

// PowerShell 5.1 takes what a program writes to a redirected standard error for
// an error that ends the script, unless errors may go on.
func TestPowerShellLooksAtExitCodesAndNotAtStandardError(t *testing.T) {
	t.Parallel()
	code, err := stripPowerShell(script(t, "deploy.ps1"))
	require.NoError(t, err)
	for function := range strings.SplitSeq(code, "\nfunction ") {
		if strings.Contains(function, "*> $null") || strings.Contains(function, "2>") {
			require.Contains(t, function, "$ErrorActionPreference =", function)
		}
	}
}

func TestBothDeployScriptsTakeAndSetTheSame(t *testing.T) {
	t.Parallel()
	shell, power := script(t, "deploy.sh"), script(t, "deploy.ps1")
	for option, parameter := range map[string]string{
		"-b": `[Alias('b')]`, "-p": `[Alias('p')]`, "-t": `[Alias('t')]`, "-d": `[Alias('d')]`, "-y": `[Alias('y')]`, "-h": `[Alias('h')]`,
		"--sqlite": `$Sqlite`, "--domain": `$Domain`, "--enable-caddy": `$EnableCaddy`, "--force-new": `$ForceNew`, "--no-backup": `$NoBackup`,
	} {
		require.Regexp(t, `(?m)^\t+\|?(?:-[a-z] \| )?`+regexp.QuoteMeta(option)+`(?: \| --[a-z]+)?\)`, shell, option)
		require.Contains(t, power, parameter, option)
	}
	require.Equal(t,
		names(shell, `(?m)^[^#\n]*\benv_(?:set|default) ([A-Z_]+)`), names(power, `Set-Env(?:Value|Default) '([A-Z_]+)'`), "variables of .env")
	for _, image := range []string{"ghcr.io/claude-code-hub/cch", "caddy:2-alpine", "/cch backup -mode no_logs", "flush_interval -1"} {
		require.Contains(t, shell, image)
		require.Contains(t, power, image)
	}
}
