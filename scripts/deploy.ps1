#Requires -Version 5.1
<#
.SYNOPSIS
Installs Claude Code Hub with Docker Desktop, or updates an installation in place.
.DESCRIPTION
Secrets, port and every variable of an existing .env file stay as they are. The image is
pinned by digest, and an update makes a backup first and prints the way back.
#>
[CmdletBinding()]
param(
    [Alias('b')][ValidateSet('main', 'dev')][string]$Branch = 'main',
    [Alias('p')][ValidateRange(0, 65535)][int]$Port = 0, # 0 = as it is, else 23000
    [Alias('t')][string]$TokenFile = '',
    [Alias('d')][string]$Directory = 'C:\ProgramData\claude-code-hub',
    [switch]$Sqlite,
    [ValidatePattern('^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)?$')][string]$Domain = '',
    [switch]$EnableCaddy,
    [switch]$ForceNew,
    [switch]$NoBackup,
    [Alias('y')][switch]$Yes,
    [Alias('h')][switch]$Help
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$Repository = 'claude-code-hub/cch'
$Image = 'ghcr.io/claude-code-hub/cch'
$HealthSeconds = 60

if ($Help) {
    Get-Help $PSCommandPath -Detailed
    exit 0
}

function Confirm-Step([string]$Question) {
    if ($Yes) { return }
    if ((Read-Host "${Question}? [y/N]") -notmatch '^[Yy]') { throw 'stopped' }
}

function Invoke-Docker {
    & docker @args
    if ($LASTEXITCODE -ne 0) { throw "docker $args failed with exit code $LASTEXITCODE" }
}

function Assert-Docker {
    if (-not (Get-Command docker -ErrorAction SilentlyContinue)) {
        Start-Process 'https://docs.docker.com/desktop/setup/install/windows-install/'
        throw 'Docker is missing: install Docker Desktop from the page that was opened, start it, and run this again'
    }
    # What Docker warns of on standard error is no reason to stop; its exit code is.
    $ErrorActionPreference = 'Continue'
    & docker compose version *> $null
    if ($LASTEXITCODE -ne 0) { throw 'Docker Compose is missing: update Docker Desktop' }
    & docker info *> $null
    if ($LASTEXITCODE -ne 0) { throw 'Docker does not answer: start Docker Desktop' }
}

# Letters and digits of the system's generator. Bytes beyond the last whole
# multiple of 62 are drawn again, so that none is likelier.
function New-Secret([int]$Length) {
    $alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
    $generator = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    try {
        $one = New-Object byte[] 1
        $text = New-Object System.Text.StringBuilder
        while ($text.Length -lt $Length) {
            $generator.GetBytes($one)
            if ($one[0] -lt 248) { [void]$text.Append($alphabet[$one[0] % 62]) }
        }
        return $text.ToString()
    }
    finally { $generator.Dispose() }
}

$EnvPath = Join-Path $Directory '.env'

function Write-Text([string]$Path, [string[]]$Lines) {
    # Docker Compose reads no byte-order mark.
    [System.IO.File]::WriteAllText($Path, (($Lines -join "`n") + "`n"), (New-Object System.Text.UTF8Encoding($false)))
}

function Get-EnvLines { if (Test-Path $EnvPath) { @(Get-Content -LiteralPath $EnvPath) } else { @() } }

function Get-EnvValue([string]$Name) {
    $line = Get-EnvLines | Where-Object { $_.StartsWith("$Name=") } | Select-Object -Last 1
    if ($line) { $line.Substring($Name.Length + 1) } else { '' }
}

function Set-EnvValue([string]$Name, [string]$Value) {
    $done = $false
    $lines = @(foreach ($line in (Get-EnvLines)) {
            if (-not $line.StartsWith("$Name=")) { $line }
            elseif (-not $done) { "$Name=$Value"; $done = $true }
        })
    if (-not $done) { $lines += "$Name=$Value" }
    Write-Text $EnvPath $lines
}

function Set-EnvDefault([string]$Name, [string]$Value) {
    if (-not (Get-EnvValue $Name)) { Set-EnvValue $Name $Value }
}

# Only administrators and whoever runs this may read the secrets.
function Protect-Directory {
    $user = [System.Security.Principal.WindowsIdentity]::GetCurrent().Name
    & icacls $Directory /inheritance:r /grant:r "${user}:(OI)(CI)F" '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the permissions of $Directory could not be set" }
}

function Read-Token {
    if (-not $TokenFile) { return '' }
    $token = ([string](Get-Content -LiteralPath $TokenFile -TotalCount 1)).Trim()
    if ($token.Length -lt 16) { throw 'the token of -TokenFile is shorter than 16 characters' }
    return $token
}

function Write-Environment([string]$Project, [string]$Token) {
    Set-EnvDefault 'COMPOSE_PROJECT_NAME' $Project
    if ($script:Lite) { Set-EnvDefault 'COMPOSE_PROFILES' 'lite' } else { Set-EnvDefault 'COMPOSE_PROFILES' 'default' }
    if ($Token) { Set-EnvValue 'ADMIN_TOKEN' $Token }
    Set-EnvDefault 'ADMIN_TOKEN' (New-Secret 32)
    if (-not $script:Lite) { Set-EnvDefault 'DB_PASSWORD' (New-Secret 24) }
    if ($Port) { Set-EnvValue 'APP_PORT' "$Port" }
    Set-EnvDefault 'APP_PORT' '23000'
    if ($Domain) {
        Set-EnvValue 'APP_URL' "https://$Domain"
        Set-EnvValue 'ENABLE_SECURE_COOKIES' 'true'
    }
    else { Set-EnvDefault 'ENABLE_SECURE_COOKIES' 'false' }
    if ($EnableCaddy) { # nobody goes past it, so its word on addresses is good
        Set-EnvValue 'APP_BIND' '127.0.0.1'
        Set-EnvValue 'TRUSTED_PROXIES' '172.16.0.0/12,192.168.0.0/16'
    }
}

function Write-Compose {
    $target = Join-Path $Directory 'docker-compose.yml'
    $own = if ($PSScriptRoot) { Join-Path (Split-Path $PSScriptRoot) 'docker-compose.yml' } else { '' }
    if ($own -and (Test-Path $own)) { Copy-Item -LiteralPath $own -Destination $target -Force }
    else { Invoke-WebRequest -UseBasicParsing "https://raw.githubusercontent.com/$Repository/$Branch/docker-compose.yml" -OutFile $target }
}

function Write-Caddy {
    if (-not $EnableCaddy) { return }
    $site = if ($Domain) { $Domain } else { ':80' }
    Write-Text (Join-Path $Directory 'Caddyfile') @("$site {", "`treverse_proxy ${script:Service}:23000 {", "`t`tflush_interval -1", "`t}", '}')
    Write-Text (Join-Path $Directory 'docker-compose.override.yml') @(
        'services:', '  caddy:', '    image: caddy:2-alpine', '    restart: unless-stopped',
        '    ports: ["80:80", "443:443", "443:443/udp"]',
        '    volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro", "caddy:/data"]', 'volumes:', '  caddy:')
}

# The tag of the branch as what it is today, so that the same bytes come up after
# every restart, and an update can be taken back.
function Set-Image {
    $tag = if ($Branch -eq 'main') { 'latest' } else { $Branch }
    Invoke-Docker pull "${Image}:$tag"
    $digest = Invoke-Docker image inspect --format '{{index .RepoDigests 0}}' "${Image}:$tag"
    if (-not $digest) { throw "the image ${Image}:$tag has no digest" }
    Set-EnvValue 'CCH_IMAGE' $digest
}

# The archive is made in the container and copied out: PowerShell would change
# bytes in a pipe.
function Backup-Installation {
    if ($NoBackup) { return }
    $container = Invoke-Docker compose ps -q $script:Service
    if (-not $container) { throw 'the installation does not run, so that it cannot be backed up: start it, or use -NoBackup' }
    $folder = Join-Path $Directory 'backups'
    New-Item -ItemType Directory -Force $folder | Out-Null
    $name = (Get-Date -Format 'yyyyMMdd-HHmmss') + '.cchbackup'
    Invoke-Docker compose exec -T $script:Service /cch backup -mode no_logs "/data/$name"
    Invoke-Docker cp "${container}:/data/$name" (Join-Path $folder $name)
    Write-Host "Backup: $(Join-Path $folder $name)"
}

function Get-Rollback {
    "in ${Directory}: set CCH_IMAGE=$($script:OldImage) in .env, then docker compose up -d"
}

function Wait-Healthy {
    for ($waited = 0; $waited -lt $HealthSeconds; $waited++) {
        $container = Invoke-Docker compose ps -q $script:Service
        if ($container -and (Invoke-Docker inspect --format '{{.State.Health.Status}}' $container) -eq 'healthy') { return }
        Start-Sleep -Seconds 1
    }
    & docker compose logs --tail 30 $script:Service
    if ($script:OldImage) { Write-Host "Back to the version before: $(Get-Rollback)" }
    throw "the hub was not healthy within $HealthSeconds seconds"
}

function Write-Report {
    $url = Get-EnvValue 'APP_URL'
    if (-not $url) { $url = "http://localhost:$(Get-EnvValue 'APP_PORT')" }
    Write-Host "`n  Claude Code Hub runs."
    Write-Host "  Dashboard    $url"
    Write-Host "  API          $url/api/v1/docs"
    Write-Host "  Admin token  $(Get-EnvValue 'ADMIN_TOKEN')"
    Write-Host "  Directory    $Directory"
    if ($script:OldImage) { Write-Host "  Way back     $(Get-Rollback)" }
}

Assert-Docker
$token = Read-Token
$Lite = [bool]$Sqlite
$OldImage = ''
$project = 'cch'
$existing = Test-Path $EnvPath
if (-not $existing) { Confirm-Step "Install Claude Code Hub into $Directory" }
New-Item -ItemType Directory -Force $Directory | Out-Null
Protect-Directory
Push-Location $Directory
try {
    if ($existing -and $ForceNew) {
        Confirm-Step "Stop the installation in $Directory and install anew; its data stays in its volumes"
        Invoke-Docker compose down
        Move-Item $EnvPath "$EnvPath.$(Get-Date -Format 'yyyyMMdd-HHmmss')"
        $project = 'cch-' + (New-Secret 4).ToLowerInvariant()
        $existing = $false
    }
    if ($existing) {
        Copy-Item -LiteralPath $EnvPath -Destination "$EnvPath.bak" -Force
        $OldImage = Get-EnvValue 'CCH_IMAGE'
        if ((Get-EnvValue 'COMPOSE_PROFILES') -eq 'lite') { $Lite = $true }
    }
    $Service = if ($Lite) { 'lite' } else { 'app' }
    if ($existing) {
        Backup-Installation
        Copy-Item 'docker-compose.yml' 'docker-compose.yml.bak' -Force
    }
    Write-Compose
    Write-Environment $project $token
    Write-Caddy
    Set-Image
    Invoke-Docker compose up -d --no-build --remove-orphans
    Wait-Healthy
    Write-Report
}
finally { Pop-Location }
