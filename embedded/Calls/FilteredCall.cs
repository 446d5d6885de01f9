using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>Walks a call through its filters. A filter that goes on twice makes two calls of it.</summary>
internal abstract class FilteredCall(MethodPlan plan, GrainReference target, object?[] arguments) : IGrainCallContext
{
    private int _stage;

    public IInvokable Request { get; } = new Invocation(plan, arguments);

    public abstract object Grain { get; }

    public abstract GrainId? SourceId { get; }

    public GrainId TargetId => target.GrainId;

    public GrainInterfaceType InterfaceType => target.InterfaceType;

    public string InterfaceName => plan.InterfaceName;

    public string MethodName => plan.Name;

    public MethodInfo InterfaceMethod => plan.Method;

    public object? Result { get => Response!.Result; set => Response = plan.ResponseOf(value); }

    public Response? Response { get; set; }

    protected abstract int Filters { get; }

    public async Task Invoke()
    {
        var stage = _stage++;
        try
        {
            if (stage > Filters) throw new InvalidOperationException($"{nameof(Invoke)} was called from outside of the filters.");
            if (stage == Filters)
            {
                await CallAsync();
                return;
            }
            await FilterAsync(stage);
            if (Response is null) throw new InvalidOperationException($"A filter of {this} neither went on nor set a result.");
        }
        finally
        {
            _stage = stage;
        }
    }

    public override string ToString() => $"{InterfaceName}.{MethodName} to {TargetId}";

    protected abstract Task FilterAsync(int index);

    protected abstract Task CallAsync();
}

internal sealed class OutgoingCall(MethodPlan plan, GrainReference target, CallSource source, object?[] arguments)
    : FilteredCall(plan, target, arguments), IOutgoingGrainCallContext
{
    private readonly MethodPlan _plan = plan;
    private readonly GrainReference _target = target;
    private readonly object?[] _arguments = arguments;

    public override object Grain => _target;

    public override GrainId? SourceId => SourceContext?.GrainId;

    public IGrainContext? SourceContext { get; } = RuntimeContext.Current;

    protected override int Filters => source.OutgoingFilters.Length;

    protected override Task FilterAsync(int index) => source.OutgoingFilters[index].Invoke(this);

    protected override async Task CallAsync()
    {
        var message = _plan.NewMessage(_target, source, (object?[])_arguments.Clone());
        source.Send(message);
        try
        {
            Response = _plan.ResponseOf(await message.AnswerAsync());
        }
        catch (Exception exception)
        {
            Response = Response.FromException(exception);
        }
    }
}

internal sealed class IncomingCall(Message message, Activation activation, object target)
    : FilteredCall(message.Plan, message.Target, message.Arguments), IIncomingGrainCallContext
{
    private readonly IIncomingGrainCallFilter? _own = target as IIncomingGrainCallFilter;

    public override object Grain => target;

    public override GrainId? SourceId => message.SourceId;

    public IGrainContext TargetContext => activation;

    public MethodInfo ImplementationMethod
    {
        get
        {
            var definition = InterfaceMethod.IsGenericMethod ? InterfaceMethod.GetGenericMethodDefinition() : InterfaceMethod;
            var map = target.GetType().GetInterfaceMap(InterfaceMethod.DeclaringType!);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, definition)];
        }
    }

    protected override int Filters => activation.Silo.IncomingFilters.Length + (_own is null ? 0 : 1);

    public static async Task<object?> RunAsync(Message message, Activation activation, object target)
    {
        var call = new IncomingCall(message, activation, target);
        await call.Invoke();
        return call.Response!.GetResult<object?>();
    }

    protected override Task FilterAsync(int index) =>
        (index < activation.Silo.IncomingFilters.Length ? activation.Silo.IncomingFilters[index] : _own!).Invoke(this);

    protected override async Task CallAsync() =>
        Response = message.Plan.ResponseOf(await message.Plan.InvokeAsync(target, message.Arguments));
}
