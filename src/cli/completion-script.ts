/** The scripts of `anyctl completion`: they ask `anyctl` itself at every Tab, so they never grow old. */

/** Not a command: what the scripts call, with the shell, the number of the word at the cursor, and the words. */
export const COMPLETE = "__complete";

/** Said in place of words when the shell should complete the name of a file. No word begins so. */
export const FILES_LINE = ":files";

/**
 * Nothing that anyctl says is evaluated: lines become elements of an array. `command` finds the program that is
 * installed, so that nobody's `./anyctl` is run by a Tab.
 */
const BASH = `# bash completion for anyctl. Use: source <(anyctl completion bash)
_anyctl() {
  COMPREPLY=()
  mapfile -t COMPREPLY < <(
    command anyctl ${COMPLETE} bash "$((COMP_CWORD - 1))" "\${COMP_WORDS[@]:1}" </dev/null 2>/dev/null
  )
  if [[ \${COMPREPLY[0]-} == ${FILES_LINE} ]]; then
    COMPREPLY=()
    compopt -o default
  fi
}
complete -F _anyctl anyctl
`;

/** Works sourced after `compinit`, and as a file `_anyctl` in a folder of `fpath`. */
const ZSH = `#compdef anyctl
# zsh completion for anyctl. Use: source <(anyctl completion zsh)
_anyctl() {
  local line
  local -a lines found
  lines=("\${(@f)$(
    command anyctl ${COMPLETE} zsh "$((CURRENT - 2))" "\${(@Q)words[2,-1]}" </dev/null 2>/dev/null
  )}")
  if [[ \${lines[1]} == ${FILES_LINE} ]]; then
    compset -P '--*='
    _files
    return
  fi
  for line in "\${(@)lines}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( \${#found} )) && _describe -t words anyctl found
}
if [[ \${funcstack[1]} == _anyctl ]]; then
  _anyctl "$@"
elif (( \${+functions[compdef]} )); then
  compdef _anyctl anyctl
else
  print -u2 'anyctl: run compinit before this completion'
fi
`;

export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH };
