namespace HunyuanOrleans.Embedded.Tests.Grains;

[GenerateSerializer]
public sealed class Note
{
    [Id(0)]
    public string Text { get; set; } = "";
}

public interface INoteGrain : IGrainWithStringKey
{
    Task<string> ReadAsync();

    Task WriteAsync(string text);

    /// <summary>Changes the state without storing it.</summary>
    Task ScribbleAsync(string text);

    Task ClearAsync();

    Task EndAsync();
}

public sealed class NoteGrain([PersistentState("note", "memory")] IPersistentState<Note> note) : Grain, INoteGrain
{
    public Task<string> ReadAsync() => Task.FromResult($"{note.State.Text}:{note.RecordExists}");

    public Task WriteAsync(string text)
    {
        note.State.Text = text;
        return note.WriteStateAsync();
    }

    public Task ScribbleAsync(string text)
    {
        note.State.Text = text;
        return Task.CompletedTask;
    }

    public Task ClearAsync() => note.ClearStateAsync();

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

public interface IStubbornGrain : IGrainWithStringKey
{
    Task DoAsync();
}

public sealed class StubbornGrain : Grain, IStubbornGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException("I will not.");

    public Task DoAsync() => Task.CompletedTask;
}
