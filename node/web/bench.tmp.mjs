import * as Y from 'yjs'
import { utf8TextDecoder } from 'lib0/string'
import { readFileSync } from 'node:fs'
const b = readFileSync('/tmp/plan/edit-body-'+(process.argv[2]??'10000')+'.bin')
if (process.argv[3]==='fast') {
  const native = utf8TextDecoder.decode.bind(utf8TextDecoder)
  const chars = new Array(32)
  const known = new Map()
  utf8TextDecoder.decode = (bytes) => {
    const n = bytes.length
    if (n > 12) return native(bytes)
    let h = n
    for (let i=0;i<n;i++){ const c = bytes[i]; if (c>127) return native(bytes); h = (h*31 + c)|0 }
    const seen = known.get(h)
    if (seen !== undefined && seen.length===n) { let i=0; for(;i<n && seen.charCodeAt(i)===bytes[i];i++); if (i===n) return seen }
    let s=''
    for (let i=0;i<n;i++) s+=String.fromCharCode(bytes[i])
    if (known.size<500) known.set(h,s)
    return s
  }
}
const times=[]
for (let i=0;i<7;i++){ const d = new Y.Doc(); d.getMap('elements').observeDeep(()=>{}); const t=performance.now(); const c0=process.cpuUsage(); Y.applyUpdate(d, b); times.push((performance.now()-t).toFixed(0)+'/'+(process.cpuUsage(c0).user/1000).toFixed(0)); }
console.log(process.argv[3]??'native', times.join(' '))
