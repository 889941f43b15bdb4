export default function BoardPage({ board }: { board: string }) {
  return <p>{board}</p>
}
