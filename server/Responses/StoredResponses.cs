namespace HunyuanOrleans.Server.Responses;

/// <summary>The responses that are kept for one caller. Other callers do not see them.</summary>
/// <param name="store">The responses of all callers.</param>
/// <param name="owner">The caller.</param>
internal sealed class StoredResponses(ResponseStore store, object owner)
{
    /// <summary>The text of the error that there is no such response.</summary>
    public static string Missing(string id) =>
        $"There is no response '{(id.Length <= 100 ? id : id[..100] + "…")}'. This server keeps responses in memory, for a limited time, unless store is false.";

    /// <summary>Keeps a response.</summary>
    public void Add(StoredResponse response) => store.Add(owner, response);

    /// <summary>Returns a response; null if there is none with this id.</summary>
    public StoredResponse? Find(string id) => store.Find(owner, id);

    /// <summary>Forgets a response. Returns whether there was one.</summary>
    public bool Remove(string id) => store.Remove(owner, id);
}
