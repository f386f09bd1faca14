{{- define "aibridge.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "aibridge.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "aibridge.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "aibridge.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "aibridge.selector" -}}
app.kubernetes.io/name: {{ include "aibridge.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Name, labels and annotations of a resource: (list $ "suffix" extraLabels extraAnnotations). */ -}}
{{- define "aibridge.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "aibridge.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "aibridge.selector" $root | nindent 2 }}
  app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ $root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
  {{- with merge (dict) (index . 2) $root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (index . 3) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "aibridge.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "aibridge.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "aibridge.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- /* A setting's value as the text of a variable. toJson writes large numbers without an exponent. */ -}}
{{- define "aibridge.text" -}}
{{- if kindIs "slice" . }}{{ join "," . }}{{ else if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{- /* The Secret that TLS comes from; empty where a CSI driver writes the files. */ -}}
{{- define "aibridge.tlsSecret" -}}
{{- with .Values.tls }}
{{- if not .enabled }}
{{- else if .spiffe.enabled }}
{{- else if .certManager.enabled }}{{ .existingSecret | default (printf "%s-tls" (include "aibridge.fullname" $)) }}
{{- else }}{{ required "tls.enabled needs tls.existingSecret, tls.certManager.enabled or tls.spiffe.enabled" .existingSecret }}
{{- end }}
{{- end }}
{{- end }}

{{- /* All variables of the ConfigMap, as YAML. */ -}}
{{- define "aibridge.variables" -}}
{{- $variables := dict }}
{{- range $name, $value := .Values.settings }}
{{- if not (kindIs "invalid" $value) }}
{{- $_ := set $variables (printf "AIBRIDGE_%s" (upper $name)) (include "aibridge.text" $value) }}
{{- end }}
{{- end }}
{{- range $name, $file := .Values.files }}
{{- if $file }}
{{- $_ := set $variables (printf "AIBRIDGE_%s" (upper $name)) (printf "%s/%s" (include "aibridge.folder" $file) $file.key) }}
{{- end }}
{{- end }}
{{- $_ := set $variables "AIBRIDGE_REMOVAL_NOTICE" (include "aibridge.removalNotice" .) }}
{{- with .Values.ports }}
{{- $_ := set $variables "AIBRIDGE_LISTEN" (printf "%s:%d" .address (int .grpc)) }}
{{- $_ := set $variables "AIBRIDGE_HEALTH_LISTEN" (printf "%s:%d" .address (int .health)) }}
{{- $_ := set $variables "AIBRIDGE_METRICS_LISTEN" (printf "%s:%d" .address (int .metrics)) }}
{{- end }}
{{- if .Values.tls.enabled }}
{{- $spiffe := .Values.tls.spiffe }}
{{- $names := ternary (dict "certificate" $spiffe.certificate "key" $spiffe.key "ca" $spiffe.ca) (dict "certificate" "tls.crt" "key" "tls.key" "ca" "ca.crt") $spiffe.enabled }}
{{- $_ := set $variables "AIBRIDGE_TLS_CERTIFICATE_FILE" (printf "/run/tls/%s" $names.certificate) }}
{{- $_ := set $variables "AIBRIDGE_TLS_KEY_FILE" (printf "/run/tls/%s" $names.key) }}
{{- if .Values.tls.clientCertificates }}
{{- $_ := set $variables "AIBRIDGE_TLS_CLIENT_CA_FILE" (printf "/run/tls/%s" $names.ca) }}
{{- end }}
{{- end }}
{{- toYaml $variables }}
{{- end }}

{{- /* Folder in which the source of a file is mounted. One mount for each source, so that a pair of files changes at once. */ -}}
{{- define "aibridge.folder" -}}
{{- if .secretName }}/run/secrets/{{ .secretName }}{{ else }}/run/config/{{ .configMapName }}{{ end }}
{{- end }}

{{- /* The sources of `files`, each once: {volume name: {secretName|configMapName}}, as YAML. */ -}}
{{- define "aibridge.sources" -}}
{{- $sources := dict }}
{{- range $name, $file := .Values.files }}
{{- if $file }}
{{- if eq (empty $file.secretName) (empty $file.configMapName) }}
{{- fail (printf "files.%s: give secretName or configMapName, not both" $name) }}
{{- end }}
{{- $kind := ternary "secret" "config" (not (empty $file.secretName)) }}
{{- $source := $file.secretName | default $file.configMapName }}
{{- $_ := set $sources (printf "%s-%s" $kind ($source | replace "." "-") | trunc 63 | trimSuffix "-") (omit $file "key") }}
{{- end }}
{{- end }}
{{- toYaml $sources }}
{{- end }}

{{- define "aibridge.removalNotice" -}}/tmp/removed{{- end }}
{{- define "aibridge.drainDelay" -}}{{ dig "drain_delay" 0 .Values.settings | default 0 | float64 }}{{- end }}
{{- define "aibridge.drainGrace" -}}{{ dig "drain_grace" 30 .Values.settings | default 0 | float64 }}{{- end }}

{{- define "aibridge.minReadySeconds" -}}
{{- $delay := include "aibridge.drainDelay" . | float64 }}
{{- if kindIs "invalid" .Values.minReadySeconds }}{{ addf $delay 5 | ceil | int }}
{{- else if le (float64 .Values.minReadySeconds) $delay }}
{{- fail (printf "minReadySeconds: %v must be more than settings.drain_delay (%v s), or a rollout stops two pods at once and calls fail" .Values.minReadySeconds $delay) }}
{{- else }}{{ int .Values.minReadySeconds }}
{{- end }}
{{- end }}

{{- define "aibridge.terminationGracePeriodSeconds" -}}
{{- $drain := addf (include "aibridge.drainDelay" . | float64) (include "aibridge.drainGrace" . | float64) }}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds }}{{ addf $drain 10 | ceil | int }}
{{- else if le (float64 .Values.terminationGracePeriodSeconds) $drain }}
{{- fail (printf "terminationGracePeriodSeconds: %v must be more than settings.drain_delay and settings.drain_grace together (%v s), or the last streams are killed" .Values.terminationGracePeriodSeconds $drain) }}
{{- else }}{{ int .Values.terminationGracePeriodSeconds }}
{{- end }}
{{- end }}

{{- /* The ports of the upstream, as YAML. */ -}}
{{- define "aibridge.upstreamPorts" -}}
{{- if .Values.networkPolicy.upstreamPorts }}{{ toYaml .Values.networkPolicy.upstreamPorts }}
{{- else }}
{{- $url := urlParse (.Values.settings.upstream_url | default "https://ai-gateway.vercel.sh/v1") }}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" }}
{{- list (int ($port | default (ternary 80 443 (eq $url.scheme "http")))) | toYaml }}
{{- end }}
{{- end }}
