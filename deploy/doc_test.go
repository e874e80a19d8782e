// Package deploy_test holds what ships for deployment against the schemas that
// its readers use, and against the program.
package deploy_test

// root is the top of the repository.
const root = ".."
