//! `packetyard picture`: the cluster and its packets at one moment, drawn as the page draws them.

use cluster::api::{Kind, ObjectRef};
use cluster::sim::{Moment, Run, Span, Time, World};
use scene::facts::{Facts, SystemObjects};
use scene::relations::chain;
use scene::svg::{Figure, Size, figure};
use scene::{Scene, Selection, Shown, selection_of_ref};

use crate::args::{Picture as Args, PictureFormat};
use crate::failure::Failure;
use crate::get::discovery;
use crate::input;
use crate::input::Input;

/// The width and the height of the view for which the scene is made, unless another size is asked for.
const VIEW: (u32, u32) = (1_200, 700);
/// So long before the moment does somebody begin to look: whoever is gone since then has left a ghost.
const LOOKED_BEFORE: Span = Span::from_secs(30);
/// How often they look.
const LOOKS: Span = Span::from_millis(500);

pub fn picture(args: &Args) -> Result<String, Failure> {
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    let watched = watch(args, &mut run);
    let selected = args.select.as_deref().map(|word| selection(run.world(), args, word)).transpose();
    let selected = match selected {
        Ok(selected) => selected,
        Err(failure) => return Err(input.fail(failure)),
    };
    let scene = look(args, run.world(), selected, watched.as_ref());
    let size = args.size.map_or(Size::AsNeeded, |(width, height)| Size::Exactly(width, height));
    let drawn = Figure { world: run.world(), scene: &scene, selected, theme: args.theme.into(), size };
    input.answer(match args.output {
        PictureFormat::Svg => figure(&drawn),
    })
}

/// Goes to the moment, looking on the way where it was asked for: what is drawn depends on what was seen before.
fn watch(args: &Args, run: &mut Run) -> Option<Scene> {
    let Some(at) = args.cluster.at else {
        input::go_to_moment(&args.cluster, run);
        return None;
    };
    let end = |run: &Run| run.time_of(at).expect("the origin was found");
    input::go_to(run, Moment(at.0.saturating_sub_unsigned(LOOKED_BEFORE.0)));
    let mut scene = None;
    while run.world().now() < end(run) {
        scene = Some(look(args, run.world(), None, scene.as_ref()));
        let next = Time(run.world().now().0.saturating_add(LOOKS.0)).min(end(run));
        input::go_on(run, next);
    }
    // Nothing moves any more.
    scene.map(Scene::without_traces_of_the_past)
}

fn look(args: &Args, world: &World, selected: Option<Selection>, before: Option<&Scene>) -> Scene {
    let (width, height) = args.size.unwrap_or(VIEW);
    let view = (f64::from(width), f64::from(height));
    Scene::after(before, world, Shown { opened: 0, system: system(args), selected, view })
}

fn system(args: &Args) -> SystemObjects {
    if args.system { SystemObjects::Shown } else { SystemObjects::Hidden }
}

/// What is called so, if the picture shows it.
fn selection(world: &World, args: &Args, word: &str) -> Result<Selection, Failure> {
    let found = called(world, word)?;
    let facts = Facts::of(world, system(args));
    match chain(world, &facts, found).is_some_and(|chain| !chain.items.is_empty()) && is_drawn(&facts, found)
    {
        true => Ok(found),
        false if !args.system && is_drawn(&Facts::of(world, SystemObjects::Shown), found) => {
            Err(Failure::Usage(format!("--select {word}: it is the cluster's own, which --system shows")))
        }
        false => Err(Failure::Usage(format!(
            "--select {word}: the picture has Pods, what makes them, Services, nodes and clients alone"
        ))),
    }
}

/// Whether it has a box, or its Pods have.
fn is_drawn(facts: &Facts, selection: Selection) -> bool {
    match selection {
        Selection::Pod(uid) => facts.pods.iter().any(|pod| pod.uid == uid),
        Selection::Service(uid) | Selection::LoadBalancer(uid) => {
            facts.services.iter().any(|service| service.uid == uid)
        }
        Selection::Node(_) | Selection::Client(_) | Selection::Workload(_) => true,
        Selection::Connection(_) | Selection::Packet(_) | Selection::Object(_) => false,
    }
}

fn called(world: &World, word: &str) -> Result<Selection, Failure> {
    match word.split('/').collect::<Vec<_>>()[..] {
        ["client", name] => client(world, name),
        [kind, name] => object(world, word, (kind, None, name)),
        [kind, namespace, name] => object(world, word, (kind, Some(namespace), name)),
        _ => Err(Failure::Usage(format!(
            "--select {word}: write pod/NAME, pod/NAMESPACE/NAME, node/NAME, client/NAME ..."
        ))),
    }
}

fn client(world: &World, name: &str) -> Result<Selection, Failure> {
    let client = world.traffic().clients.values().find(|client| &*client.spec.name == name);
    let client = client.ok_or_else(|| Failure::NotFound(format!("client {name:?}")))?;
    Ok(Selection::Client(client.id))
}

fn object(
    world: &World,
    word: &str,
    (kind, namespace, name): (&str, Option<&str>, &str),
) -> Result<Selection, Failure> {
    let found = discovery::find(world, &kind.to_ascii_lowercase()).ok_or_else(|| {
        Failure::Usage(format!("--select {word}: the server doesn't have a resource type {kind:?}"))
    })?;
    let namespaces = match (found.namespaced, namespace) {
        (false, _) => vec![String::new()],
        (true, Some(namespace)) => vec![namespace.to_owned()],
        (true, None) => namespaces_with(world, &found.kind, name),
    };
    let [namespace] = &namespaces[..] else {
        return Err(match namespaces.is_empty() {
            true => Failure::NotFound(word.into()),
            false => Failure::Usage(format!(
                "--select {word}: there is one in each of {}; write {kind}/NAMESPACE/{name}",
                namespaces.join(", ")
            )),
        });
    };
    let object = ObjectRef { kind: found.kind, namespace: namespace.as_str().into(), name: name.into() };
    let selection = selection_of_ref(world.store(), &object);
    selection.ok_or_else(|| Failure::NotFound(word.into()))
}

fn namespaces_with(world: &World, kind: &Kind, name: &str) -> Vec<String> {
    let metas = world.store().metas(kind);
    metas.filter(|meta| &*meta.name == name).map(|meta| meta.namespace.to_string()).collect()
}
